/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTIF: two 64-bit words through which a program without drivers talks to the world.
 * tohost is device (bits 63:56), command (55:48) and payload (47:0). Device 0 is the system: an odd
 * payload ends the program with status payload >> 1, an even one is the address of a system call's
 * eight words. Device 1 is the console: command 0 asks for a character, which arrives in fromhost,
 * command 1 prints one. Spec: riscv-isa-sim, fesvr (device.cc, syscall.cc), as OpenSBI
 * lib/utils/sys/htif.c and riscv-tests use it.
 */
#include "hw/char/riscv_htif.h"

#include <inttypes.h>
#include <string.h>

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "util/log.h"

enum { DEVICE_SYSTEM = 0, DEVICE_CONSOLE = 1, CONSOLE_GET = 0, CONSOLE_PUT = 1 };
/* Linux numbers of system calls and errors, which newlib uses. */
enum { SYS_WRITE = 64, SYS_EXIT = 93, SYSCALL_WORDS = 8, GUEST_EBADF = 9, GUEST_ENOSYS = 38 };
enum { OUTPUT_BYTES = 64 * 1024 };
enum { WORD_BYTES = 8, COMMAND_SHIFT = 48, DEVICE_SHIFT = 56 };

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion tohost_mmio, fromhost_mmio;
    Machine *machine;
    ChardevPort port;
    Object *chardev; /* property */
    bool placed;
    /* guest state */
    uint64_t tohost, fromhost;
    bool low_written; /* a 32-bit program wrote the low half of tohost and not yet the high one */
    bool wants_input; /* CONSOLE_GET is waiting for a character */
    uint8_t *output;  /* what the back end has not taken yet */
    uint32_t output_bytes;
} RiscvHtif;

static void push_output(RiscvHtif *htif)
{
    size_t taken = chardev_write(&htif->port, htif->output, htif->output_bytes);
    htif->output_bytes -= taken;
    memmove(htif->output, htif->output + taken, htif->output_bytes);
}

/* True if all of @bytes were accepted. There is no busy flag in HTIF but tohost itself. */
static bool print(RiscvHtif *htif, const uint8_t *bytes, size_t length)
{
    if (length > OUTPUT_BYTES - htif->output_bytes) {
        return false;
    }
    memcpy(htif->output + htif->output_bytes, bytes, length);
    htif->output_bytes += length;
    push_output(htif);
    return true;
}

static size_t host_can_receive(void *opaque)
{
    RiscvHtif *htif = opaque;
    return htif->wants_input && htif->fromhost == 0;
}

static void host_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    RiscvHtif *htif = opaque;
    htif->wants_input = false;
    htif->fromhost = (uint64_t)DEVICE_CONSOLE << DEVICE_SHIFT |
                     (uint64_t)CONSOLE_GET << COMMAND_SHIFT | 0x100 | *bytes;
}

static void run_tohost(RiscvHtif *htif);

/* A character that found no room is still in tohost; now there may be some. */
static void host_writable(void *opaque)
{
    RiscvHtif *htif = opaque;
    push_output(htif);
    if (htif->tohost && !htif->low_written) {
        run_tohost(htif);
    }
}

static const ChardevHandlers htif_handlers = {
    .can_receive = host_can_receive,
    .receive = host_receive,
    .writable = host_writable,
};

static int exit_status(uint64_t code)
{
    return code && (code & 0xff) == 0
               ? 1
               : code & 0xff; /* a failure must not become 0 on its way to the parent */
}

static int64_t system_write(RiscvHtif *htif, uint64_t fd, hwaddr address, uint64_t length)
{
    if (fd != 1 && fd != 2) {
        return -GUEST_EBADF;
    }
    length = MIN(length, OUTPUT_BYTES / 2);
    g_autofree uint8_t *bytes = g_malloc(length + 1);
    address_space_read(&htif->machine->memory, address, bytes, length,
                       (MemTxAttrs){ .memory_only = 1 });
    while (length && !print(htif, bytes, length)) {
        length /= 2; /* a short write: the program tries the rest again */
    }
    return length;
}

/* The words at @address are number and arguments; the result replaces the first. */
static void system_call(RiscvHtif *htif, hwaddr address)
{
    uint64_t words[SYSCALL_WORDS];
    MemTxAttrs attrs = { .memory_only = 1 };
    if (address_space_read(&htif->machine->memory, address, words, sizeof(words), attrs) !=
        MEMTX_OK) {
        log_guest_error("riscv-htif: no system call words at %#" PRIx64 "\n", address);
        return;
    }
    uint64_t number = GUINT64_FROM_LE(words[0]);
    int64_t result = -GUEST_ENOSYS;
    if (number == SYS_WRITE) {
        result = system_write(htif, GUINT64_FROM_LE(words[1]), GUINT64_FROM_LE(words[2]),
                              GUINT64_FROM_LE(words[3]));
    } else if (number == SYS_EXIT) {
        machine_request_shutdown(htif->machine, SHUTDOWN_GUEST_EXIT,
                                 exit_status(GUINT64_FROM_LE(words[1])));
    } else {
        log_unimplemented("riscv-htif: system call %" PRIu64 "\n", number);
    }
    words[0] = GUINT64_TO_LE((uint64_t)result);
    address_space_write(&htif->machine->memory, address, words, sizeof(words[0]), attrs);
    htif->fromhost = 1;
}

static void run_tohost(RiscvHtif *htif)
{
    unsigned device = htif->tohost >> DEVICE_SHIFT, command = htif->tohost >> COMMAND_SHIFT & 0xff;
    uint64_t payload = htif->tohost & ((1ull << COMMAND_SHIFT) - 1);
    uint8_t byte = payload;

    if (htif->tohost == 0) {
        return;
    }
    if (device == DEVICE_SYSTEM && command == 0) {
        if (payload & 1) {
            machine_request_shutdown(htif->machine, SHUTDOWN_GUEST_EXIT, exit_status(payload >> 1));
        } else {
            system_call(htif, payload);
        }
    } else if (device == DEVICE_CONSOLE && command == CONSOLE_PUT) {
        if (!print(htif, &byte, 1)) {
            return; /* the program waits for tohost to become zero */
        }
    } else if (device == DEVICE_CONSOLE && command == CONSOLE_GET) {
        htif->wants_input = true;
    } else {
        log_guest_error("riscv-htif: device %u has no command %u\n", device, command);
    }
    htif->tohost = 0;
    if (htif->wants_input) {
        chardev_accept_input(&htif->port);
    }
}

static uint64_t merge(uint64_t old, hwaddr offset, uint64_t value, unsigned size)
{
    unsigned shift = (offset & 7) * 8;
    uint64_t mask = (size == 8 ? UINT64_MAX : UINT32_MAX) << shift;
    return (old & ~mask) | ((value << shift) & mask);
}

static uint64_t part(uint64_t word, hwaddr offset, unsigned size)
{
    word >>= (offset & 7) * 8;
    return size == 8 ? word : (uint32_t)word;
}

static uint64_t tohost_read(void *opaque, hwaddr offset, unsigned size)
{
    return part(((RiscvHtif *)opaque)->tohost, offset, size);
}

/* 32-bit programs write the low half first; one that never writes the high half writes the low one
 * again. */
static void tohost_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    RiscvHtif *htif = opaque;
    bool low_only = size == 4 && offset == 0;
    bool again = low_only && htif->low_written;
    htif->tohost = merge(htif->tohost, offset, value, size);
    htif->low_written = low_only && !again;
    if (!htif->low_written) {
        run_tohost(htif);
    }
}

static uint64_t fromhost_read(void *opaque, hwaddr offset, unsigned size)
{
    return part(((RiscvHtif *)opaque)->fromhost, offset, size);
}

static void fromhost_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    RiscvHtif *htif = opaque;
    htif->fromhost = merge(htif->fromhost, offset, value, size);
    chardev_accept_input(&htif->port);
}

static const MemoryOps tohost_ops = {
    .read = tohost_read, .write = tohost_write, .min_access = 4, .max_access = 8
};
static const MemoryOps fromhost_ops = {
    .read = fromhost_read, .write = fromhost_write, .min_access = 4, .max_access = 8
};

void riscv_htif_place(Device *dev, hwaddr tohost, hwaddr fromhost)
{
    RiscvHtif *htif = container_of(dev, RiscvHtif, sysbus.device);
    MemoryRegion *system = &htif->machine->system_memory;
    memory_transaction_begin();
    if (htif->placed) {
        memory_region_remove(system, &htif->tohost_mmio);
        memory_region_remove(system, &htif->fromhost_mmio);
    }
    memory_region_add_overlap(system, tohost, &htif->tohost_mmio, 1);
    memory_region_add_overlap(system, fromhost, &htif->fromhost_mmio, 1);
    htif->placed = true;
    memory_transaction_commit();
}

static bool htif_realize(Device *dev, GError **errp)
{
    RiscvHtif *htif = container_of(dev, RiscvHtif, sysbus.device);
    htif->machine = device_machine(dev);
    htif->output = g_malloc(OUTPUT_BYTES);
    memory_region_init_io(&htif->tohost_mmio, &dev->object, &tohost_ops, htif, "htif-tohost",
                          WORD_BYTES);
    memory_region_init_io(&htif->fromhost_mmio, &dev->object, &fromhost_ops, htif, "htif-fromhost",
                          WORD_BYTES);
    return chardev_attach(&htif->port, object_cast(htif->chardev, &chardev_class.object),
                          &htif_handlers, htif, errp);
}

static void htif_unrealize(Device *dev)
{
    RiscvHtif *htif = container_of(dev, RiscvHtif, sysbus.device);
    htif->placed = false; /* the core took the regions out */
    chardev_detach(&htif->port);
    g_clear_pointer(&htif->output, g_free);
}

/* What was printed before stays on its way. */
static void htif_reset(Device *dev)
{
    RiscvHtif *htif = container_of(dev, RiscvHtif, sysbus.device);
    htif->tohost = htif->fromhost = 0;
    htif->low_written = htif->wants_input = false;
}

static bool htif_post_load(void *opaque, uint32_t version, GError **errp)
{
    host_writable(opaque);
    return true;
}

static const Property htif_properties[] = {
    PROPERTY_LINK("chardev", RiscvHtif, chardev, chardev_class,
                  .help = "where characters come from and go to"),
    {},
};

static const VmState htif_vmstate = {
    .version = 1,
    .post_load = htif_post_load,
    .fields =
        (const VmField[]){
            VM_U64(RiscvHtif, tohost),
            VM_U64(RiscvHtif, fromhost),
            VM_BOOL(RiscvHtif, low_written),
            VM_BOOL(RiscvHtif, wants_input),
            VM_VBUFFER(RiscvHtif, output, output_bytes, OUTPUT_BYTES),
            {},
        },
};

const DeviceClass riscv_htif_class = {
    .object = { .name = "riscv-htif",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(RiscvHtif),
                .properties = htif_properties },
    .summary = "RISC-V host-target interface",
    .category = DEVICE_CATEGORY_INPUT,
    .realize = htif_realize,
    .unrealize = htif_unrealize,
    .reset = htif_reset,
    .vmstate = &htif_vmstate,
};
CLASS_REGISTER(riscv_htif_class);
