/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8042 keyboard and mouse controller with its keyboard and mouse. Named output "a20" is the gate of
 * address line 20. Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard
 * and Auxiliary Device Controller"; ICH9 data sheet (316972), 5.13.
 */
#include <string.h>

#include "hw/core/machine.h"
#include "hw/input/ps2.h"
#include "hw/input/ps2_translate.h"
#include "hw/isa/isa.h"
#include "util/error.h"
#include "util/log.h"

enum { DATA_PORT = 0x60, COMMAND_PORT = 0x64, KEYBOARD_IRQ = 1, MOUSE_IRQ = 12 };
enum {
    STATUS_OUTPUT_FULL = 0x01,
    STATUS_SYSTEM = 0x04,
    STATUS_COMMAND = 0x08, /* the last write was a command */
    STATUS_UNLOCKED = 0x10,
    STATUS_MOUSE = 0x20,
};
enum {
    MODE_KEYBOARD_IRQ = 0x01,
    MODE_MOUSE_IRQ = 0x02,
    MODE_SYSTEM = 0x04,
    MODE_KEYBOARD_OFF = 0x10,
    MODE_MOUSE_OFF = 0x20,
    MODE_TRANSLATE = 0x40,
};
enum { OUT_RUN = 0x01, OUT_A20 = 0x02, OUT_KEYBOARD_FULL = 0x10, OUT_MOUSE_FULL = 0x20 };
enum {
    CMD_READ_RAM = 0x20, /* to 3f; the first byte is the mode */
    CMD_WRITE_RAM = 0x60,
    CMD_HAS_PASSWORD = 0xa4,
    CMD_MOUSE_OFF = 0xa7,
    CMD_MOUSE_ON = 0xa8,
    CMD_TEST_MOUSE = 0xa9,
    CMD_SELF_TEST = 0xaa,
    CMD_TEST_KEYBOARD = 0xab,
    CMD_KEYBOARD_OFF = 0xad,
    CMD_KEYBOARD_ON = 0xae,
    CMD_READ_INPUTS = 0xc0,
    CMD_READ_OUTPUTS = 0xd0,
    CMD_WRITE_OUTPUTS = 0xd1,
    CMD_AS_KEYBOARD = 0xd2, /* the next byte comes back as if from there */
    CMD_AS_MOUSE = 0xd3,
    CMD_TO_MOUSE = 0xd4,
    CMD_A20_OFF = 0xdd,
    CMD_A20_ON = 0xdf,
    CMD_READ_TEST_INPUTS = 0xe0,
    CMD_PULSE = 0xf0, /* to ff: bits that are 0 pulse low */
};
enum { RAM_BYTES = 32, INPUTS_UNLOCKED = 0x80, NO_PASSWORD = 0xf1 };

/* Who the byte in the output buffer is from. */
typedef enum { FROM_CONTROLLER, FROM_KEYBOARD, FROM_MOUSE, FROM_COUNT } Origin;

typedef struct {
    IsaDevice isa;
    MemoryRegion data, command;
    Irq *keyboard_irq, *mouse_irq, *a20;
    Ps2Keyboard keyboard;
    Ps2Mouse mouse;
    uint8_t ram[RAM_BYTES]; /* guest state; [0] is the mode */
    uint8_t outputs;        /* OUT_RUN and OUT_A20 */
    uint8_t awaited;        /* command whose parameter comes; 0: none */
    bool last_was_command, system_flag, full, translating_release;
    uint8_t buffer, origin;
    uint8_t reply; /* of the controller itself, or a byte that it is told to send */
    uint8_t reply_origin;
    bool has_reply;
} I8042;

static void update_irqs(I8042 *kbc)
{
    bool mouse = kbc->full && kbc->origin == FROM_MOUSE;
    bool keyboard = kbc->full && !mouse;
    irq_set(kbc->keyboard_irq, keyboard && (kbc->ram[0] & MODE_KEYBOARD_IRQ));
    irq_set(kbc->mouse_irq, mouse && (kbc->ram[0] & MODE_MOUSE_IRQ));
}

/* Translation makes one byte of the release prefix and the code. */
static bool translate(I8042 *kbc, uint8_t *byte)
{
    if (!(kbc->ram[0] & MODE_TRANSLATE)) {
        return true;
    }
    if (*byte == 0xf0) {
        kbc->translating_release = true;
        return false;
    }
    *byte = ps2_translate(*byte) | (kbc->translating_release ? 0x80 : 0);
    kbc->translating_release = false;
    return true;
}

static bool next_keyboard_byte(I8042 *kbc, uint8_t *byte)
{
    while (!(kbc->ram[0] & MODE_KEYBOARD_OFF) && ps2_port_has_data(&kbc->keyboard.port)) {
        *byte = ps2_port_get(&kbc->keyboard.port);
        if (translate(kbc, byte)) {
            return true;
        }
    }
    return false;
}

/* One byte at a time: the controller's own, the keyboard's, the mouse's. */
static void fill(I8042 *kbc)
{
    if (!kbc->full) {
        kbc->full = true;
        if (kbc->has_reply) {
            kbc->has_reply = false;
            kbc->buffer = kbc->reply;
            kbc->origin = kbc->reply_origin;
        } else if (next_keyboard_byte(kbc, &kbc->buffer)) {
            kbc->origin = FROM_KEYBOARD;
        } else if (!(kbc->ram[0] & MODE_MOUSE_OFF) && ps2_port_has_data(&kbc->mouse.port)) {
            kbc->buffer = ps2_port_get(&kbc->mouse.port);
            kbc->origin = FROM_MOUSE;
        } else {
            kbc->full = false;
        }
    }
    update_irqs(kbc);
}

static void port_changed(void *opaque)
{
    fill(opaque);
}

/* A reply takes the place of what nobody has read. */
static void reply_as(I8042 *kbc, uint8_t byte, Origin origin)
{
    kbc->reply = byte;
    kbc->reply_origin = origin;
    kbc->has_reply = true;
    kbc->full = false;
    update_irqs(kbc);
    fill(kbc);
}

static void reply(I8042 *kbc, uint8_t byte)
{
    reply_as(kbc, byte, FROM_CONTROLLER);
}

static void set_outputs(I8042 *kbc, uint8_t value)
{
    bool resets = !(value & OUT_RUN);
    kbc->outputs = (value & OUT_A20) | OUT_RUN;
    irq_set(kbc->a20, !!(value & OUT_A20));
    if (resets) {
        machine_request_reset(device_machine(&kbc->isa.device), true);
    }
}

static uint8_t get_outputs(const I8042 *kbc)
{
    return kbc->outputs | (kbc->full && kbc->origin == FROM_MOUSE ? OUT_MOUSE_FULL
                           : kbc->full                            ? OUT_KEYBOARD_FULL
                                                                  : 0);
}

static void set_mode(I8042 *kbc, uint8_t mode)
{
    kbc->ram[0] = mode;
    kbc->system_flag = mode & MODE_SYSTEM;
    fill(kbc);
}

static void write_command(I8042 *kbc, uint8_t value)
{
    kbc->last_was_command = true;
    kbc->awaited = 0;
    if (value >= CMD_PULSE) {
        if (!(value & OUT_RUN)) {
            machine_request_reset(device_machine(&kbc->isa.device), true);
        }
        return;
    }
    if (value >= CMD_READ_RAM && value < CMD_READ_RAM + RAM_BYTES) {
        reply(kbc, kbc->ram[value - CMD_READ_RAM]);
        return;
    }
    if (value >= CMD_WRITE_RAM && value < CMD_WRITE_RAM + RAM_BYTES) {
        kbc->awaited = value;
        return;
    }
    switch (value) {
    case CMD_HAS_PASSWORD: reply(kbc, NO_PASSWORD); break;
    case CMD_MOUSE_OFF: set_mode(kbc, kbc->ram[0] | MODE_MOUSE_OFF); break;
    case CMD_MOUSE_ON: set_mode(kbc, kbc->ram[0] & ~MODE_MOUSE_OFF); break;
    case CMD_TEST_MOUSE:
    case CMD_TEST_KEYBOARD: reply(kbc, 0); break;
    case CMD_SELF_TEST:
        kbc->system_flag = true;
        reply(kbc, 0x55);
        break;
    case CMD_KEYBOARD_OFF: set_mode(kbc, kbc->ram[0] | MODE_KEYBOARD_OFF); break;
    case CMD_KEYBOARD_ON: set_mode(kbc, kbc->ram[0] & ~MODE_KEYBOARD_OFF); break;
    case CMD_READ_INPUTS: reply(kbc, INPUTS_UNLOCKED); break;
    case CMD_READ_OUTPUTS: reply(kbc, get_outputs(kbc)); break;
    case CMD_WRITE_OUTPUTS:
    case CMD_AS_KEYBOARD:
    case CMD_AS_MOUSE:
    case CMD_TO_MOUSE: kbc->awaited = value; break;
    case CMD_A20_OFF: set_outputs(kbc, kbc->outputs & ~OUT_A20); break;
    case CMD_A20_ON: set_outputs(kbc, kbc->outputs | OUT_A20); break;
    case CMD_READ_TEST_INPUTS: reply(kbc, 0); break;
    default: log_guest_error("i8042: unknown command %#x\n", value);
    }
}

static void write_data(I8042 *kbc, uint8_t value)
{
    uint8_t command = kbc->awaited;
    kbc->last_was_command = false;
    kbc->awaited = 0;
    switch (command) {
    case 0:
        kbc->ram[0] &= ~MODE_KEYBOARD_OFF; /* a byte for the keyboard turns its clock on */
        ps2_keyboard_write(&kbc->keyboard, value);
        break;
    case CMD_WRITE_RAM: set_mode(kbc, value); break;
    case CMD_WRITE_OUTPUTS: set_outputs(kbc, value); break;
    case CMD_AS_KEYBOARD: reply_as(kbc, value, FROM_KEYBOARD); break;
    case CMD_AS_MOUSE: reply_as(kbc, value, FROM_MOUSE); break;
    case CMD_TO_MOUSE:
        kbc->ram[0] &= ~MODE_MOUSE_OFF;
        ps2_mouse_write(&kbc->mouse, value);
        break;
    default: kbc->ram[command - CMD_WRITE_RAM] = value; break;
    }
}

static uint64_t data_read(void *opaque, hwaddr port, unsigned size)
{
    I8042 *kbc = opaque;
    uint8_t value = kbc->buffer;
    if (kbc->full) {
        kbc->full = false;
        update_irqs(kbc); /* the line falls between two bytes */
        fill(kbc);
    }
    return value;
}

static void data_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    write_data(opaque, value);
}

static uint64_t status_read(void *opaque, hwaddr port, unsigned size)
{
    const I8042 *kbc = opaque;
    return (kbc->full ? STATUS_OUTPUT_FULL : 0) | (kbc->system_flag ? STATUS_SYSTEM : 0) |
           (kbc->last_was_command ? STATUS_COMMAND : 0) | STATUS_UNLOCKED |
           (kbc->full && kbc->origin == FROM_MOUSE ? STATUS_MOUSE : 0);
}

static void command_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    write_command(opaque, value);
}

static const MemoryOps data_ops = {
    .read = data_read, .write = data_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};
static const MemoryOps command_ops = {
    .read = status_read, .write = command_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool i8042_setup(IsaDevice *isa, GError **errp)
{
    I8042 *kbc = container_of(isa, I8042, isa);
    Object *obj = &isa->device.object;
    Machine *machine = device_machine(&isa->device);
    InputHub *hub = input_hub_get(&machine->object, machine->clocks);
    kbc->keyboard.port.changed = kbc->mouse.port.changed = port_changed;
    kbc->keyboard.port.opaque = kbc->mouse.port.opaque = kbc;
    ps2_keyboard_init(&kbc->keyboard, hub);
    ps2_mouse_init(&kbc->mouse, hub);
    memory_region_init_io(&kbc->data, obj, &data_ops, kbc, "i8042-data", 1);
    memory_region_init_io(&kbc->command, obj, &command_ops, kbc, "i8042-cmd", 1);
    isa_add_ports(isa, &kbc->data, DATA_PORT);
    isa_add_ports(isa, &kbc->command, COMMAND_PORT);
    kbc->keyboard_irq = isa_irq(isa, KEYBOARD_IRQ);
    kbc->mouse_irq = isa_irq(isa, MOUSE_IRQ);
    device_add_irq_outputs(&isa->device, "a20", &kbc->a20, 1);
    return true;
}

static void i8042_cleanup(IsaDevice *isa)
{
    I8042 *kbc = container_of(isa, I8042, isa);
    ps2_keyboard_cleanup(&kbc->keyboard);
    ps2_mouse_cleanup(&kbc->mouse);
}

/* As after the self-test of firmware's liking: both ports on, translating. */
static void i8042_reset(Device *dev)
{
    I8042 *kbc = container_of(dev, I8042, isa.device);
    memset(kbc->ram, 0, sizeof(kbc->ram));
    kbc->ram[0] = MODE_KEYBOARD_IRQ | MODE_MOUSE_IRQ;
    kbc->outputs = OUT_RUN | OUT_A20;
    kbc->awaited = kbc->buffer = kbc->origin = kbc->reply = kbc->reply_origin = 0;
    kbc->last_was_command = kbc->system_flag = kbc->full = kbc->has_reply = false;
    kbc->translating_release = false;
    ps2_keyboard_reset(&kbc->keyboard);
    ps2_mouse_reset(&kbc->mouse);
    update_irqs(kbc);
    irq_raise(kbc->a20);
}

static bool i8042_post_load(void *opaque, uint32_t version, GError **errp)
{
    I8042 *kbc = opaque;
    bool parameter = kbc->awaited == 0 ||
                     (kbc->awaited >= CMD_WRITE_RAM && kbc->awaited < CMD_WRITE_RAM + RAM_BYTES) ||
                     (kbc->awaited >= CMD_WRITE_OUTPUTS && kbc->awaited <= CMD_TO_MOUSE);
    if (!parameter || kbc->origin >= FROM_COUNT || kbc->reply_origin >= FROM_COUNT ||
        (kbc->outputs & ~OUT_A20) != OUT_RUN) {
        error_set(errp, "i8042: the saved state cannot be");
        return false;
    }
    irq_set(kbc->a20, !!(kbc->outputs & OUT_A20));
    update_irqs(kbc);
    return true;
}

static const VmState i8042_vmstate = {
    .version = 1,
    .post_load = i8042_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT(I8042, keyboard, ps2_keyboard_vmstate),
            VM_STRUCT(I8042, mouse, ps2_mouse_vmstate),
            VM_U8_ARRAY(I8042, ram),
            VM_U8(I8042, outputs),
            VM_U8(I8042, awaited),
            VM_BOOL(I8042, last_was_command),
            VM_BOOL(I8042, system_flag),
            VM_BOOL(I8042, full),
            VM_BOOL(I8042, translating_release),
            VM_U8(I8042, buffer),
            VM_U8(I8042, origin),
            VM_U8(I8042, reply),
            VM_U8(I8042, reply_origin),
            VM_BOOL(I8042, has_reply),
            {},
        },
};

static const IsaDeviceClass i8042_class = {
    .device = { .object = { .name = "i8042",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(I8042) },
                .summary = "Keyboard and mouse controller with PS/2 keyboard and mouse",
                .category = DEVICE_CATEGORY_INPUT,
                .reset = i8042_reset,
                .vmstate = &i8042_vmstate },
    .setup = i8042_setup,
    .cleanup = i8042_cleanup,
};
CLASS_REGISTER(i8042_class);
