/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio console device: a bus of ports. A port is a device with a chardev: a console or a plain
 * channel. */
#pragma once

#include "chardev/chardev.h"
#include "hw/virtio/virtio.h"

enum { VIRTIO_SERIAL_MAX_PORTS = 31, VIRTIO_SERIAL_MAX_MESSAGES = 256 };

typedef struct VirtioSerial VirtioSerial;
typedef struct VirtioSerialPort VirtioSerialPort;

/* VIRTIO 1.2 §5.3.6.2, struct virtio_console_control */
typedef struct {
    uint32_t id;
    uint16_t event;
    uint16_t value;
} VirtioSerialMessage;

typedef struct {
    Bus bus;
    VirtioSerial *serial;
} VirtioSerialBus;

typedef struct {
    BusClass bus;
} VirtioSerialBusClass;

extern const VirtioSerialBusClass virtio_serial_bus_class;

struct VirtioSerial {
    VirtioDevice virtio;
    VirtioSerialBus bus;
    VirtioSerialPort *ports[VIRTIO_SERIAL_MAX_PORTS];
    uint32_t max_ports;   /* property */
    bool emergency_write; /* property */
    /* guest state */
    VirtioSerialMessage
        messages[VIRTIO_SERIAL_MAX_MESSAGES]; /* to the driver, which has given no room for them */
    uint32_t message_count;
};

typedef struct {
    DeviceClass device;
    bool is_console;
} VirtioSerialPortClass;

struct VirtioSerialPort {
    Device device;
    VirtioSerial *serial;
    ChardevPort host;
    bool host_open;
    VirtioRequest receive_request, transmit_request;
    bool has_receive, has_transmit;
    /* properties */
    Object *chardev;
    uint32_t number; /* UINT32_MAX: the first that is free */
    char *name;
    /* guest state */
    bool guest_open;
    uint64_t transmit_done; /* bytes of the request being transmitted that the host took */
};

extern const VirtioSerialPortClass virtio_serial_port_class;

bool virtio_serial_port_is_console(const VirtioSerialPort *port);
/* Called by the device: the driver gave buffers, took ours, reset us, is about to be saved. */
void virtio_serial_port_transmit(VirtioSerialPort *port);
void virtio_serial_port_receive_ready(VirtioSerialPort *port);
void virtio_serial_port_stop(VirtioSerialPort *port);
void virtio_serial_port_quiesce(VirtioSerialPort *port);

/* Called by ports. */
unsigned virtio_serial_receive_queue(const VirtioSerialPort *port);
unsigned virtio_serial_transmit_queue(const VirtioSerialPort *port);
/** virtio_serial_port_listens - the driver has this port open */
bool virtio_serial_port_listens(const VirtioSerialPort *port);
void virtio_serial_host_changed(VirtioSerialPort *port);
/** virtio_serial_add_port - find a number for @port */
bool virtio_serial_add_port(VirtioSerial *serial, VirtioSerialPort *port, GError **errp);
