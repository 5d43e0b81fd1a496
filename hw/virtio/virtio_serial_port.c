/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of the virtio console device: "virtconsole" and "virtserialport". */
#include "hw/virtio/virtio_serial.h"
#include "util/error.h"

bool virtio_serial_port_is_console(const VirtioSerialPort *port)
{
    return container_of(port->device.object.class, VirtioSerialPortClass, device.object)
        ->is_console;
}

static VirtQueue *receive_queue(VirtioSerialPort *port)
{
    return &port->serial->virtio.queues[virtio_serial_receive_queue(port)];
}

static VirtQueue *transmit_queue(VirtioSerialPort *port)
{
    return &port->serial->virtio.queues[virtio_serial_transmit_queue(port)];
}

/* Hand one request's bytes to the host; false when it takes no more for now. */
static bool transmit_request(VirtioSerialPort *port)
{
    size_t length;
    const void *bytes;
    while (
        (bytes = virtio_request_segment(&port->transmit_request, port->transmit_done, &length))) {
        size_t taken = chardev_write(&port->host, bytes, length);
        port->transmit_done += taken;
        if (taken < length) {
            return false;
        }
    }
    return true;
}

void virtio_serial_port_transmit(VirtioSerialPort *port)
{
    unsigned sent = 0;
    while (sent < VIRTIO_BATCH) {
        if (!port->has_transmit) {
            port->has_transmit = virtqueue_pop(transmit_queue(port), &port->transmit_request);
        }
        if (!port->has_transmit || !transmit_request(port)) {
            break;
        }
        port->has_transmit = false;
        port->transmit_done = 0;
        virtqueue_push(transmit_queue(port), &port->transmit_request, 0);
        sent++;
    }
    if (sent) {
        virtio_interrupt(&port->serial->virtio, virtio_serial_transmit_queue(port));
    }
    if (sent == VIRTIO_BATCH) {
        virtio_notify_again(&port->serial->virtio, virtio_serial_transmit_queue(port));
    }
}

static void host_writable(void *opaque)
{
    VirtioSerialPort *port = opaque;
    if (virtio_is_running(&port->serial->virtio)) {
        virtio_serial_port_transmit(port);
    }
}

/* What fits into the driver's next buffer, which is taken from the ring and kept until something
 * comes. */
static size_t host_can_receive(void *opaque)
{
    VirtioSerialPort *port = opaque;
    if (!virtio_serial_port_listens(port)) {
        return 0;
    }
    if (!port->has_receive) {
        port->has_receive = virtqueue_pop(receive_queue(port), &port->receive_request);
    }
    return port->has_receive ? port->receive_request.writable_bytes : 0;
}

static void host_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    VirtioSerialPort *port = opaque;
    if (!port->has_receive) {
        return;
    }
    port->has_receive = false;
    virtio_request_write(&port->receive_request, 0, bytes, length);
    virtqueue_push(receive_queue(port), &port->receive_request, length);
    virtio_interrupt(&port->serial->virtio, virtio_serial_receive_queue(port));
}

static void host_event(void *opaque, ChardevEvent event)
{
    VirtioSerialPort *port = opaque;
    bool open = event == CHARDEV_EVENT_OPENED;
    if ((open || event == CHARDEV_EVENT_CLOSED) && open != port->host_open) {
        port->host_open = open;
        virtio_serial_host_changed(port);
    }
}

static const ChardevHandlers port_handlers = {
    .can_receive = host_can_receive,
    .receive = host_receive,
    .event = host_event,
    .writable = host_writable,
};

void virtio_serial_port_receive_ready(VirtioSerialPort *port)
{
    unsigned skipped = 0;
    /* a buffer without room would stop everything behind it */
    while (skipped < VIRTIO_BATCH && host_can_receive(port) == 0 && port->has_receive) {
        port->has_receive = false;
        virtqueue_push(receive_queue(port), &port->receive_request, 0);
        skipped++;
    }
    if (skipped == VIRTIO_BATCH) {
        virtio_notify_again(&port->serial->virtio, virtio_serial_receive_queue(port));
    }
    chardev_accept_input(&port->host);
}

void virtio_serial_port_stop(VirtioSerialPort *port)
{
    if (port->has_receive) {
        virtqueue_drop(&port->receive_request);
    }
    if (port->has_transmit) {
        virtqueue_drop(&port->transmit_request);
    }
    port->has_receive = port->has_transmit = port->guest_open = false;
    port->transmit_done = 0;
}

void virtio_serial_port_quiesce(VirtioSerialPort *port)
{
    if (port->has_receive) {
        virtqueue_unpop(receive_queue(port), &port->receive_request);
    }
    if (port->has_transmit) {
        virtqueue_unpop(transmit_queue(port), &port->transmit_request);
    }
    port->has_receive = port->has_transmit = false;
}

static bool port_realize(Device *dev, GError **errp)
{
    VirtioSerialPort *port = container_of(dev, VirtioSerialPort, device);
    port->serial = container_of(dev->bus, VirtioSerialBus, bus)->serial;
    if (!virtio_serial_add_port(port->serial, port, errp)) {
        return false;
    }
    if (!chardev_attach(&port->host, object_cast(port->chardev, &chardev_class.object),
                        &port_handlers, port, errp)) {
        port->serial->ports[port->number] = NULL;
        return false;
    }
    port->host_open |= !port->chardev || virtio_serial_port_is_console(port);
    return true;
}

static void port_unrealize(Device *dev)
{
    VirtioSerialPort *port = container_of(dev, VirtioSerialPort, device);
    virtio_serial_port_stop(port);
    chardev_detach(&port->host);
    port->serial->ports[port->number] = NULL;
}

static bool port_post_load(void *opaque, uint32_t version, GError **errp)
{
    host_writable(opaque);
    return true;
}

static const Property port_properties[] = {
    PROPERTY_LINK("chardev", VirtioSerialPort, chardev, chardev_class,
                  .help = "where characters come from and go to"),
    PROPERTY_U32("nr", VirtioSerialPort, number, UINT32_MAX,
                 .help = "number of the port; the first that is free"),
    PROPERTY_STRING("name", VirtioSerialPort, name, NULL,
                    .help = "what the guest calls it, as in /dev/virtio-ports"),
    {},
};

static const VmState port_vmstate = {
    .version = 1,
    .post_load = port_post_load,
    .fields = (const VmField[]){ VM_BOOL(VirtioSerialPort, guest_open),
                                 VM_U64(VirtioSerialPort, transmit_done),
                                 {} },
};

const VirtioSerialPortClass virtio_serial_port_class = {
    .device = { .object = { .name = "virtserialport",
                            .parent = &device_class.object,
                            .instance_size = sizeof(VirtioSerialPort),
                            .properties = port_properties },
                .summary = "virtio serial port",
                .category = DEVICE_CATEGORY_INPUT,
                .bus = &virtio_serial_bus_class.bus,
                .user_creatable = true,
                .realize = port_realize,
                .unrealize = port_unrealize,
                .vmstate = &port_vmstate },
};
CLASS_REGISTER(virtio_serial_port_class);

static const VirtioSerialPortClass virtconsole_class = {
    .device = { .object = { .name = "virtconsole",
                            .parent = &virtio_serial_port_class.device.object },
                .summary = "virtio console",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true },
    .is_console = true,
};
CLASS_REGISTER(virtconsole_class);
