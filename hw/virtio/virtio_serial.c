/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: VIRTIO 1.2, section 5.3, console device. */
#include "hw/virtio/virtio_serial.h"

#include <string.h>

#include "util/error.h"
#include "util/log.h"

enum { F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
enum { QUEUE_CONTROL_RX = 2, QUEUE_CONTROL_TX = 3, QUEUE_SIZE = 128, CONTROL_QUEUE_SIZE = 32 };
enum { CONFIG_MAX_PORTS = 4, CONFIG_EMERG_WRITE = 8, CONFIG_BYTES = 12 };
enum {
    EVENT_DEVICE_READY = 0,
    EVENT_PORT_ADD = 1,
    EVENT_PORT_READY = 3,
    EVENT_CONSOLE_PORT = 4,
    EVENT_PORT_OPEN = 6,
    EVENT_PORT_NAME = 7,
};

const VirtioSerialBusClass virtio_serial_bus_class = {
    .bus = { .object = { .name = "virtio-serial-bus",
                         .parent = &bus_class.object,
                         .instance_size = sizeof(VirtioSerialBus) },
             .max_devices = VIRTIO_SERIAL_MAX_PORTS },
};
CLASS_REGISTER(virtio_serial_bus_class);

static VirtioSerial *virtio_serial(VirtioDevice *vdev)
{
    return container_of(vdev, VirtioSerial, virtio);
}

/* 5.3.2: port 0 has queues 0 and 1, then come the control queues, then the other ports. */
unsigned virtio_serial_receive_queue(const VirtioSerialPort *port)
{
    return port->number ? 2 * port->number + 2 : 0;
}

unsigned virtio_serial_transmit_queue(const VirtioSerialPort *port)
{
    return virtio_serial_receive_queue(port) + 1;
}

static VirtioSerialPort *port_of_queue(VirtioSerial *serial, unsigned queue)
{
    unsigned number = queue < 2 ? 0 : queue / 2 - 1;
    return number < serial->max_ports ? serial->ports[number] : NULL;
}

static bool is_multiport(const VirtioSerial *serial)
{
    return virtio_has_feature(&serial->virtio, F_MULTIPORT);
}

bool virtio_serial_port_listens(const VirtioSerialPort *port)
{
    return virtio_is_running(&port->serial->virtio) &&
           (port->guest_open || !is_multiport(port->serial));
}

/* A name follows its message; the number of bytes that fit in the driver's buffer is what it gets.
 */
static size_t put_message(VirtioSerial *serial, VirtioRequest *request,
                          const VirtioSerialMessage *message)
{
    const VirtioSerialMessage little = { GUINT32_TO_LE(message->id), GUINT16_TO_LE(message->event),
                                         GUINT16_TO_LE(message->value) };
    size_t length = virtio_request_write(request, 0, &little, sizeof(little));
    const VirtioSerialPort *port =
        message->id < serial->max_ports ? serial->ports[message->id] : NULL;
    if (message->event == EVENT_PORT_NAME && port && port->name) {
        length += virtio_request_write(request, length, port->name, strlen(port->name) + 1);
    }
    return length;
}

static void flush_messages(VirtioSerial *serial)
{
    VirtQueue *vq = &serial->virtio.queues[QUEUE_CONTROL_RX];
    VirtioRequest request;
    unsigned sent = 0;
    while (sent < serial->message_count && virtqueue_pop(vq, &request)) {
        virtqueue_push(vq, &request, put_message(serial, &request, &serial->messages[sent]));
        sent++;
    }
    serial->message_count -= sent;
    memmove(serial->messages, serial->messages + sent,
            serial->message_count * sizeof(serial->messages[0]));
    if (sent) {
        virtio_interrupt(&serial->virtio, QUEUE_CONTROL_RX);
    }
}

static void send_message(VirtioSerial *serial, uint32_t id, uint16_t event, uint16_t value)
{
    if (!is_multiport(serial) || !virtio_is_running(&serial->virtio)) {
        return;
    }
    if (serial->message_count == VIRTIO_SERIAL_MAX_MESSAGES) {
        log_guest_error("virtio-serial: the driver takes no control messages; event %u is lost\n",
                        event);
        return;
    }
    serial->messages[serial->message_count++] = (VirtioSerialMessage){ id, event, value };
    flush_messages(serial);
}

void virtio_serial_host_changed(VirtioSerialPort *port)
{
    send_message(port->serial, port->number, EVENT_PORT_OPEN, port->host_open);
}

static void port_ready(VirtioSerial *serial, VirtioSerialPort *port)
{
    if (virtio_serial_port_is_console(port)) {
        send_message(serial, port->number, EVENT_CONSOLE_PORT, 1);
    }
    if (port->name) {
        send_message(serial, port->number, EVENT_PORT_NAME, 1);
    }
    if (port->host_open) {
        virtio_serial_host_changed(port);
    }
}

static void take_message(VirtioSerial *serial, const VirtioSerialMessage *message)
{
    VirtioSerialPort *port = message->id < serial->max_ports ? serial->ports[message->id] : NULL;
    if (message->event == EVENT_DEVICE_READY) {
        for (unsigned i = 0; message->value == 1 && i < serial->max_ports; i++) {
            if (serial->ports[i]) {
                send_message(serial, i, EVENT_PORT_ADD, 1);
            }
        }
    } else if (!port) {
        log_guest_error("virtio-serial: event %u about port %u, which does not exist\n",
                        message->event, message->id);
    } else if (message->event == EVENT_PORT_READY) {
        if (message->value == 1) {
            port_ready(serial, port);
        }
    } else if (message->event == EVENT_PORT_OPEN) {
        port->guest_open = message->value != 0;
        virtio_serial_port_receive_ready(port);
    } else {
        log_guest_error("virtio-serial: unknown event %u\n", message->event);
    }
}

static void take_messages(VirtioSerial *serial)
{
    VirtQueue *vq = &serial->virtio.queues[QUEUE_CONTROL_TX];
    VirtioRequest request;
    VirtioSerialMessage message;
    unsigned taken = 0;
    while (taken < VIRTIO_BATCH && virtqueue_pop(vq, &request)) {
        bool whole = virtio_request_read(&request, 0, &message, sizeof(message)) == sizeof(message);
        virtqueue_push(vq, &request, 0);
        taken++;
        if (!whole) {
            log_guest_error("virtio-serial: a control message is too short\n");
            continue;
        }
        message =
            (VirtioSerialMessage){ GUINT32_FROM_LE(message.id), GUINT16_FROM_LE(message.event),
                                   GUINT16_FROM_LE(message.value) };
        take_message(serial, &message);
    }
    if (taken) {
        virtio_interrupt(&serial->virtio, QUEUE_CONTROL_TX);
    }
    if (taken == VIRTIO_BATCH) {
        virtio_notify_again(&serial->virtio, QUEUE_CONTROL_TX);
    }
}

static void virtio_serial_notify(VirtioDevice *vdev, unsigned queue)
{
    VirtioSerial *serial = virtio_serial(vdev);
    if (queue == QUEUE_CONTROL_RX) {
        flush_messages(serial);
        return;
    }
    if (queue == QUEUE_CONTROL_TX) {
        take_messages(serial);
        return;
    }
    VirtioSerialPort *port = port_of_queue(serial, queue);
    if (!port) {
        log_guest_error("virtio-serial: queue %u belongs to no port\n", queue);
    } else if (queue & 1) {
        virtio_serial_port_transmit(port);
    } else {
        virtio_serial_port_receive_ready(port);
    }
}

static uint64_t virtio_serial_features(VirtioDevice *vdev)
{
    const VirtioSerial *serial = virtio_serial(vdev);
    return (serial->max_ports > 1 ? 1u << F_MULTIPORT : 0) |
           (serial->emergency_write ? 1u << F_EMERG_WRITE : 0);
}

static void virtio_serial_read_config(VirtioDevice *vdev, uint8_t config[VIRTIO_CONFIG_BYTES])
{
    uint32_t max_ports = GUINT32_TO_LE(virtio_serial(vdev)->max_ports);
    memcpy(config + CONFIG_MAX_PORTS, &max_ports, sizeof(max_ports));
}

/* 5.3.4: a character for the first console, even before the device is set up. */
static void virtio_serial_write_config(VirtioDevice *vdev, unsigned offset, unsigned size,
                                       uint32_t value)
{
    VirtioSerial *serial = virtio_serial(vdev);
    uint8_t byte = value;
    if (offset != CONFIG_EMERG_WRITE || !serial->emergency_write) {
        log_guest_error("virtio-serial: write of read-only configuration at %u\n", offset);
    } else if (serial->ports[0]) {
        chardev_write(&serial->ports[0]->host, &byte, 1);
    }
}

static void foreach_port(VirtioSerial *serial, void (*fn)(VirtioSerialPort *port))
{
    for (unsigned i = 0; i < serial->max_ports; i++) {
        if (serial->ports[i]) {
            fn(serial->ports[i]);
        }
    }
}

static void virtio_serial_start(VirtioDevice *vdev)
{
    foreach_port(virtio_serial(vdev), virtio_serial_port_receive_ready);
}

static void virtio_serial_stop(VirtioDevice *vdev)
{
    foreach_port(virtio_serial(vdev), virtio_serial_port_stop);
    virtio_serial(vdev)->message_count = 0;
}

static void virtio_serial_quiesce(VirtioDevice *vdev)
{
    foreach_port(virtio_serial(vdev), virtio_serial_port_quiesce);
}

static bool virtio_serial_setup(VirtioDevice *vdev, GError **errp)
{
    VirtioSerial *serial = virtio_serial(vdev);
    vdev->config_bytes = CONFIG_BYTES;
    for (unsigned i = 0; i < 2 * (serial->max_ports + 1); i++) {
        bool control = i == QUEUE_CONTROL_RX || i == QUEUE_CONTROL_TX;
        virtio_add_queue(vdev, control ? CONTROL_QUEUE_SIZE : QUEUE_SIZE);
    }
    g_autofree char *name = vdev->device.id ? g_strdup_printf("%s.0", vdev->device.id) : NULL;
    bus_init(&serial->bus.bus, &virtio_serial_bus_class.bus, &vdev->device,
             name ? name : "virtio-serial-bus");
    serial->bus.serial = serial;
    return true;
}

/* Port 0 is for a console, since drivers without multiport make it one (5.3.5). */
bool virtio_serial_add_port(VirtioSerial *serial, VirtioSerialPort *port, GError **errp)
{
    unsigned first = virtio_serial_port_is_console(port) ? 0 : 1;
    if (port->number == UINT32_MAX) {
        for (port->number = first; port->number < serial->max_ports && serial->ports[port->number];
             port->number++) {
        }
    }
    if (port->number >= serial->max_ports || port->number < first) {
        error_set(errp, "%s: port %u cannot be; this device takes %u to %u",
                  port->device.object.class->name, port->number, first, serial->max_ports - 1);
        return false;
    }
    if (serial->ports[port->number]) {
        error_set(errp, "%s: port %u is taken", port->device.object.class->name, port->number);
        return false;
    }
    serial->ports[port->number] = port;
    return true;
}

static bool virtio_serial_post_load(void *opaque, uint32_t version, GError **errp)
{
    VirtioSerial *serial = opaque;
    if (serial->message_count > VIRTIO_SERIAL_MAX_MESSAGES) {
        error_set(errp, "virtio-serial: the saved state has too many messages");
        serial->message_count = 0;
        return false;
    }
    return true;
}

static const Property virtio_serial_properties[] = {
    PROPERTY_U32("max_ports", VirtioSerial, max_ports, VIRTIO_SERIAL_MAX_PORTS, .min = 1,
                 .max = VIRTIO_SERIAL_MAX_PORTS, .help = "how many ports it can have"),
    PROPERTY_BOOL("emergency-write", VirtioSerial, emergency_write, true,
                  .help = "let the guest print characters before it has set the device up"),
    {},
};

static const VmState message_vmstate = {
    .name = "virtio-serial-message",
    .version = 1,
    .fields = (const VmField[]){ VM_U32(VirtioSerialMessage, id),
                                 VM_U16(VirtioSerialMessage, event),
                                 VM_U16(VirtioSerialMessage, value),
                                 {} },
};

static const VmState virtio_serial_vmstate = {
    .version = 1,
    .post_load = virtio_serial_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT_ARRAY(VirtioSerial, messages, message_vmstate, VirtioSerialMessage),
            VM_U32(VirtioSerial, message_count),
            {},
        },
};

static const VirtioDeviceClass virtio_serial_class = {
    .device = { .object = { .name = "virtio-serial-device",
                            .parent = &virtio_device_class.device.object,
                            .instance_size = sizeof(VirtioSerial),
                            .properties = virtio_serial_properties },
                .summary = "virtio console and serial ports",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .vmstate = &virtio_serial_vmstate },
    .id = VIRTIO_ID_CONSOLE,
    .setup = virtio_serial_setup,
    .features = virtio_serial_features,
    .read_config = virtio_serial_read_config,
    .write_config = virtio_serial_write_config,
    .start = virtio_serial_start,
    .stop = virtio_serial_stop,
    .quiesce = virtio_serial_quiesce,
    .queue_notify = virtio_serial_notify,
};
CLASS_REGISTER(virtio_serial_class);
