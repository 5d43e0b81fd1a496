/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One front end on several back ends: all get the output, any gives input. The slowest that is
 * connected sets the pace, so that nothing is lost on any.
 */
#include "chardev/hub.h"

#include "util/error.h"

enum { SPOKES = 8 };

typedef struct HubChardev HubChardev;

typedef struct {
    HubChardev *hub;
    ChardevPort port;
    char *id;     /* property */
    size_t ahead; /* bytes that it has taken and the slowest has not */
} Spoke;

struct HubChardev {
    Chardev chardev;
    Spoke spokes[SPOKES];
};

static size_t spoke_can_receive(void *opaque)
{
    return chardev_can_receive(&((Spoke *)opaque)->hub->chardev);
}

static void spoke_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    chardev_receive(&((Spoke *)opaque)->hub->chardev, bytes, length);
}

static bool any_connected(const HubChardev *hub)
{
    for (unsigned i = 0; i < SPOKES; i++) {
        if (hub->spokes[i].port.chardev && hub->spokes[i].port.chardev->connected) {
            return true;
        }
    }
    return false;
}

static void spoke_event(void *opaque, ChardevEvent event)
{
    HubChardev *hub = ((Spoke *)opaque)->hub;

    switch (event) {
    case CHARDEV_EVENT_OPENED: chardev_set_connected(&hub->chardev, true); break;
    case CHARDEV_EVENT_CLOSED:
        chardev_set_connected(&hub->chardev, any_connected(hub));
        chardev_flush(&hub->chardev); /* it may have been the slowest */
        break;
    default: chardev_send_event(&hub->chardev, event); break;
    }
}

static void spoke_writable(void *opaque)
{
    chardev_flush(&((Spoke *)opaque)->hub->chardev);
}

static const ChardevHandlers spoke_handlers = { .can_receive = spoke_can_receive,
                                                .receive = spoke_receive,
                                                .event = spoke_event,
                                                .writable = spoke_writable };

/* What is not taken comes again, so each spoke skips what it had of it. */
static size_t hub_write(Chardev *chardev, const uint8_t *bytes, size_t length)
{
    HubChardev *hub = container_of(chardev, HubChardev, chardev);
    size_t taken = length;

    for (unsigned i = 0; i < SPOKES; i++) {
        Spoke *spoke = &hub->spokes[i];
        size_t skipped = MIN(spoke->ahead, length);
        if (spoke->port.chardev) {
            spoke->ahead += chardev_write(&spoke->port, bytes + skipped, length - skipped);
            taken = MIN(taken, spoke->ahead);
        }
    }
    for (unsigned i = 0; i < SPOKES; i++) {
        hub->spokes[i].ahead -= MIN(taken, hub->spokes[i].ahead);
    }
    return taken;
}

static void hub_accept_input(Chardev *chardev)
{
    HubChardev *hub = container_of(chardev, HubChardev, chardev);

    for (unsigned i = 0; i < SPOKES; i++) {
        chardev_accept_input(&hub->spokes[i].port);
    }
}

static bool hub_open(Chardev *chardev, GError **errp)
{
    return true; /* chardev_hub_connect() connects it */
}

bool chardev_hub_connect(Chardev *chardev, Object *parent, GError **errp)
{
    HubChardev *hub = container_of(chardev, HubChardev, chardev);
    unsigned count = 0;

    for (unsigned i = 0; i < SPOKES; i++) {
        Spoke *spoke = &hub->spokes[i];
        if (!spoke->id) {
            continue;
        }
        Chardev *base = object_cast(object_child(parent, spoke->id), &chardev_class.object);
        if (!base || base == chardev) {
            error_set(errp, "chardev '%s': chardevs.%u: there is no chardev '%s'", chardev->label,
                      i, spoke->id);
            return false;
        }
        if (!chardev_attach(&spoke->port, base, &spoke_handlers, spoke, errp)) {
            error_prefix(errp, "chardev '%s': chardevs.%u: ", chardev->label, i);
            return false;
        }
        count++;
    }
    if (!count) {
        error_set(errp, "chardev '%s': a hub needs back ends: chardevs.0=ID,chardevs.1=ID",
                  chardev->label);
    }
    return count;
}

static void detach_all(HubChardev *hub)
{
    for (unsigned i = 0; i < SPOKES; i++) {
        chardev_detach(&hub->spokes[i].port);
    }
}

static void hub_close(Chardev *chardev)
{
    detach_all(container_of(chardev, HubChardev, chardev));
}

static void hub_init(Object *obj)
{
    HubChardev *hub = container_of(obj, HubChardev, chardev.object);

    for (unsigned i = 0; i < SPOKES; i++) {
        hub->spokes[i].hub = hub;
    }
}

#define SPOKE(n) \
    PROPERTY_STRING("chardevs." #n, HubChardev, spokes[n].id, NULL, .help = "id of a back end")
static const Property hub_properties[] = {
    SPOKE(0), SPOKE(1), SPOKE(2), SPOKE(3), SPOKE(4), SPOKE(5), SPOKE(6), SPOKE(7), {},
};

const ChardevClass chardev_hub_class = {
    .object = { .name = "chardev-hub",
                .parent = &chardev_class.object,
                .instance_size = sizeof(HubChardev),
                .properties = hub_properties,
                .init = hub_init },
    .summary = "several back ends as one",
    .open = hub_open,
    .close = hub_close,
    .write = hub_write,
    .accept_input = hub_accept_input,
};
CLASS_REGISTER(chardev_hub_class);
