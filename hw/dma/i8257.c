/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8237A DMA controller with the page registers of PCs, of which a PC has two: one for channels 0 to
 * 3, which count bytes, and one for 4 to 7, which count words.
 * Spec: Intel 8237A data sheet (231466-005); PIIX3 data sheet (290550), 2.5.1.
 */
#include <string.h>

#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/error.h"
#include "util/log.h"

enum { CHANNELS = 4, PAGE_PORTS = 8 };
/* Registers after the four pairs of address and count, as the first controller numbers them */
enum {
    REG_COMMAND_STATUS = 8,
    REG_REQUEST,
    REG_MASK_ONE,
    REG_MODE,
    REG_CLEAR_FLIP_FLOP,
    REG_MASTER_CLEAR,
    REG_CLEAR_MASKS,
    REG_MASK_ALL,
    REGISTERS
};
enum { COMMAND_MEMORY_TO_MEMORY = 0x01, COMMAND_DISABLE = 0x04 };
enum { MODE_TO_MEMORY = 0x04, MODE_FROM_MEMORY = 0x08, MODE_TYPE = 0x0c };
enum { MODE_AUTO_INIT = 0x10, MODE_DECREMENT = 0x20, MODE_CASCADE = 0xc0 };
enum { RUN_AGAIN_NS = 10000 };

typedef struct {
    IsaDmaHandler *handler; /* wiring */
    void *opaque;
    uint16_t base_address, base_count; /* guest state, in units of the channel */
    uint16_t address, count;
    uint8_t mode;
} Channel;

typedef struct {
    IsaDevice isa;
    MemoryRegion ports, pages, high_pages;
    Machine *machine;
    Timer timer;
    uint32_t base, page_base, high_page_base; /* properties; high: UINT32_MAX for none */
    uint8_t shift;                            /* 1: this one counts words */
    Channel channel[CHANNELS];
    uint8_t page[PAGE_PORTS], high_page[PAGE_PORTS]; /* by port; some belong to no channel */
    uint8_t command, mask, terminal, requests, software_requests;
    bool high_byte; /* the flip-flop */
    bool running;   /* handlers are being called; never while state is saved */
} I8257;

/* Which page register serves a channel. */
static const uint8_t page_port[CHANNELS] = { 7, 3, 1, 2 };

static uint32_t block_bytes(const I8257 *dma, const Channel *channel)
{
    return (channel->base_count + 1u) << dma->shift;
}

/* Bytes of the block that are done; after the last, count has gone below 0. */
static uint32_t position_of(const I8257 *dma, const Channel *channel)
{
    uint16_t left = channel->count + 1;
    uint32_t all = channel->base_count + 1u;
    return left <= all ? (all - left) << dma->shift : 0;
}

static hwaddr address_at(const I8257 *dma, unsigned index, uint32_t position)
{
    const Channel *channel = &dma->channel[index];
    uint32_t window = 0x10000u << dma->shift; /* addresses wrap inside a page of the channel */
    uint32_t page = (uint32_t)dma->page[page_port[index]] << 16 & ~(window - 1);
    uint32_t offset = (uint32_t)channel->base_address << dma->shift;
    offset = channel->mode & MODE_DECREMENT ? offset - position : offset + position;
    return (uint32_t)(dma->high_page[page_port[index]] & 0x7f) << 24 | page |
           (offset & (window - 1));
}

static void set_position(I8257 *dma, unsigned index, uint32_t position)
{
    Channel *channel = &dma->channel[index];
    uint32_t units = position >> dma->shift;
    channel->count = channel->base_count - units;
    channel->address = channel->mode & MODE_DECREMENT ? channel->base_address - units
                                                      : channel->base_address + units;
    if (position < block_bytes(dma, channel)) {
        return;
    }
    dma->terminal |= 1 << index; /* terminal count */
    dma->software_requests &= ~(1 << index);
    if (channel->mode & MODE_AUTO_INIT) {
        channel->address = channel->base_address;
        channel->count = channel->base_count;
    } else {
        dma->mask |= 1 << index;
    }
}

static uint8_t ready_channels(const I8257 *dma)
{
    if (dma->command & COMMAND_DISABLE) {
        return 0;
    }
    return (dma->requests & ~dma->mask) | dma->software_requests;
}

/* Each channel that asks is served once; it runs again as long as that moves something. */
static void run(void *opaque)
{
    I8257 *dma = opaque;
    bool again = false;
    if (dma->running) {
        return;
    }
    dma->running = true;
    for (unsigned i = 0; i < CHANNELS; i++) {
        Channel *channel = &dma->channel[i];
        if (!(ready_channels(dma) >> i & 1) || !channel->handler ||
            (channel->mode & MODE_CASCADE) == MODE_CASCADE) {
            continue;
        }
        uint32_t before = position_of(dma, channel), bytes = block_bytes(dma, channel);
        uint32_t after =
            channel->handler(channel->opaque, i + CHANNELS * dma->shift, before, bytes);
        after = MIN(after, bytes);
        if (after != before) {
            set_position(dma, i, after);
            again = again || (ready_channels(dma) >> i & 1);
        }
    }
    dma->running = false;
    if (again) {
        timer_set_ns(&dma->timer,
                     clock_ns(dma->machine->clocks, CLOCK_KIND_VIRTUAL) + RUN_AGAIN_NS);
    }
}

static void schedule(void *opaque)
{
    I8257 *dma = opaque;
    if (ready_channels(dma) && !timer_is_pending(&dma->timer)) {
        timer_set_ns(&dma->timer, clock_ns(dma->machine->clocks, CLOCK_KIND_VIRTUAL));
    }
}

/* --- for devices --- */

static void set_handler(void *opaque, unsigned channel, IsaDmaHandler *handler,
                        void *handler_opaque)
{
    I8257 *dma = opaque;
    dma->channel[channel].handler = handler;
    dma->channel[channel].opaque = handler_opaque;
}

static void set_request(void *opaque, unsigned channel, bool on)
{
    I8257 *dma = opaque;
    dma->requests = on ? dma->requests | 1 << channel : dma->requests & ~(1 << channel);
    schedule(dma);
}

static bool is_auto_init(void *opaque, unsigned channel)
{
    return ((I8257 *)opaque)->channel[channel].mode & MODE_AUTO_INIT;
}

/* Moves at most what is left of the block; downwards when the channel counts down. */
static uint32_t transfer(I8257 *dma, unsigned index, uint8_t *buffer, uint32_t position,
                         uint32_t length, bool to_memory)
{
    const Channel *channel = &dma->channel[index];
    AddressSpace *memory = &dma->machine->memory;
    uint32_t bytes = block_bytes(dma, channel);
    length = position < bytes ? MIN(length, bytes - position) : 0;
    uint8_t wanted = to_memory ? MODE_TO_MEMORY : MODE_FROM_MEMORY;
    if ((channel->mode & MODE_TYPE) != wanted) {
        return length; /* "verify": counts, moves nothing */
    }
    uint32_t unit = channel->mode & MODE_DECREMENT ? 1 << dma->shift : 0x1000;
    for (uint32_t done = 0; done < length;) {
        hwaddr address = address_at(dma, index, position + done);
        uint32_t room = unit - (address & (unit - 1));
        uint32_t piece = MIN(length - done, room);
        if (to_memory) {
            address_space_write(memory, address, buffer + done, piece, (MemTxAttrs){ 0 });
        } else {
            address_space_read(memory, address, buffer + done, piece, (MemTxAttrs){ 0 });
        }
        done += piece;
    }
    return length;
}

static uint32_t read_memory(void *opaque, unsigned channel, void *buffer, uint32_t position,
                            uint32_t length)
{
    memset(buffer, 0, length);
    return transfer(opaque, channel, buffer, position, length, false);
}

static uint32_t write_memory(void *opaque, unsigned channel, const void *buffer, uint32_t position,
                             uint32_t length)
{
    return transfer(opaque, channel, (uint8_t *)buffer, position, length, true);
}

static const IsaDmaOps dma_ops = {
    .set_handler = set_handler,
    .request = set_request,
    .schedule = schedule,
    .is_auto_init = is_auto_init,
    .read = read_memory,
    .write = write_memory,
};

/* --- for the guest --- */

static void set_half(const I8257 *dma, uint16_t *value, uint8_t byte)
{
    *value = dma->high_byte ? (*value & 0x00ff) | byte << 8 : (*value & 0xff00) | byte;
}

static void write_channel(I8257 *dma, unsigned reg, uint8_t value)
{
    Channel *channel = &dma->channel[reg / 2];
    if (reg % 2) {
        set_half(dma, &channel->base_count, value);
        channel->count = channel->base_count;
    } else {
        set_half(dma, &channel->base_address, value);
        channel->address = channel->base_address;
    }
    dma->high_byte = !dma->high_byte;
}

static void master_clear(I8257 *dma)
{
    dma->command = dma->terminal = dma->software_requests = 0;
    dma->mask = 0xf;
    dma->high_byte = false;
}

static void write_register(I8257 *dma, unsigned reg, uint8_t value)
{
    uint8_t bit = 1 << (value & 3);
    switch (reg) {
    case REG_COMMAND_STATUS:
        if (value & COMMAND_MEMORY_TO_MEMORY) {
            log_unimplemented("i8257: transfers from memory to memory\n");
        }
        dma->command = value;
        break;
    case REG_REQUEST:
        dma->software_requests =
            value & 4 ? dma->software_requests | bit : dma->software_requests & ~bit;
        break;
    case REG_MASK_ONE: dma->mask = value & 4 ? dma->mask | bit : dma->mask & ~bit; break;
    case REG_MODE: dma->channel[value & 3].mode = value & 0xfc; break;
    case REG_CLEAR_FLIP_FLOP: dma->high_byte = false; break;
    case REG_MASTER_CLEAR: master_clear(dma); break;
    case REG_CLEAR_MASKS: dma->mask = 0; break;
    case REG_MASK_ALL: dma->mask = value & 0xf; break;
    default: write_channel(dma, reg, value); return;
    }
    schedule(dma);
}

static uint8_t read_register(I8257 *dma, unsigned reg)
{
    if (reg < REG_COMMAND_STATUS) {
        const Channel *channel = &dma->channel[reg / 2];
        uint16_t value = reg % 2 ? channel->count : channel->address;
        bool high = dma->high_byte;
        dma->high_byte = !high;
        return high ? value >> 8 : value;
    }
    uint8_t status;
    switch (reg) {
    case REG_COMMAND_STATUS:
        status = dma->terminal | (dma->requests | dma->software_requests) << 4;
        dma->terminal = 0;
        return status;
    case REG_MASK_ALL: return 0xf0 | dma->mask;
    case REG_MASTER_CLEAR: return 0; /* temporary register */
    default: log_guest_error("i8257: register %u cannot be read\n", reg); return 0xff;
    }
}

static uint64_t ports_read(void *opaque, hwaddr port, unsigned size)
{
    I8257 *dma = opaque;
    return read_register(dma, port >> dma->shift);
}

static void ports_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    I8257 *dma = opaque;
    write_register(dma, port >> dma->shift, value);
}

static uint64_t page_read(void *opaque, hwaddr port, unsigned size)
{
    return ((uint8_t *)opaque)[port];
}

static void page_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    ((uint8_t *)opaque)[port] = value;
}

static const MemoryOps ports_ops = {
    .read = ports_read, .write = ports_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};
static const MemoryOps page_ops = {
    .read = page_read, .write = page_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool i8257_setup(IsaDevice *isa, GError **errp)
{
    I8257 *dma = container_of(isa, I8257, isa);
    Object *obj = &isa->device.object;
    dma->machine = device_machine(&isa->device);
    timer_init(&dma->timer, dma->machine->clocks, CLOCK_KIND_VIRTUAL, run, dma);
    memory_region_init_io(&dma->ports, obj, &ports_ops, dma, "dma", REGISTERS << dma->shift);
    memory_region_init_io(&dma->pages, obj, &page_ops, dma->page, "dma-page", PAGE_PORTS);
    isa_add_ports(isa, &dma->ports, dma->base);
    isa_add_ports(isa, &dma->pages, dma->page_base);
    if (dma->high_page_base <= 0xffff) {
        memory_region_init_io(&dma->high_pages, obj, &page_ops, dma->high_page, "dma-pageh",
                              PAGE_PORTS);
        isa_add_ports(isa, &dma->high_pages, dma->high_page_base);
    }
    isa_bus_connect_dma(isa_bus_of(isa), dma->shift, &dma_ops, dma);
    return true;
}

static void i8257_cleanup(IsaDevice *isa)
{
    I8257 *dma = container_of(isa, I8257, isa);
    timer_cancel(&dma->timer);
    isa_bus_connect_dma(isa_bus_of(isa), dma->shift, NULL, NULL);
}

/* Requests belong to the devices outside. */
static void i8257_reset(Device *dev)
{
    I8257 *dma = container_of(dev, I8257, isa.device);
    for (unsigned i = 0; i < CHANNELS; i++) {
        Channel *channel = &dma->channel[i];
        channel->base_address = channel->base_count = channel->address = channel->count = 0;
        channel->mode = 0;
    }
    memset(dma->page, 0, sizeof(dma->page));
    memset(dma->high_page, 0, sizeof(dma->high_page));
    master_clear(dma);
    timer_cancel(&dma->timer);
}

static bool i8257_post_load(void *opaque, uint32_t version, GError **errp)
{
    I8257 *dma = opaque;
    dma->mask &= 0xf;
    dma->terminal &= 0xf;
    dma->requests &= 0xf;
    dma->software_requests &= 0xf;
    schedule(dma);
    return true;
}

static const Property i8257_properties[] = {
    PROPERTY_U32("base", I8257, base, 0x00, .min = 0, .max = 0xffe0, .help = "first port"),
    PROPERTY_U32("page-base", I8257, page_base, 0x80, .min = 0, .max = 0xfff8,
                 .help = "first port of the page registers"),
    PROPERTY_U32("pageh-base", I8257, high_page_base, 0x480,
                 .help = "first port of the high page registers, beyond 0xffff for none"),
    PROPERTY_U8("dshift", I8257, shift, 0, .min = 0, .max = 1, .help = "1: channels of words"),
    {},
};

static const VmState channel_vmstate = {
    .name = "i8257-channel",
    .version = 1,
    .fields =
        (const VmField[]){
            VM_U16(Channel, base_address),
            VM_U16(Channel, base_count),
            VM_U16(Channel, address),
            VM_U16(Channel, count),
            VM_U8(Channel, mode),
            {},
        },
};

static const VmState i8257_vmstate = {
    .version = 1,
    .post_load = i8257_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT_ARRAY(I8257, channel, channel_vmstate, Channel),
            VM_U8_ARRAY(I8257, page),
            VM_U8_ARRAY(I8257, high_page),
            VM_U8(I8257, command),
            VM_U8(I8257, mask),
            VM_U8(I8257, terminal),
            VM_U8(I8257, requests),
            VM_U8(I8257, software_requests),
            VM_BOOL(I8257, high_byte),
            {},
        },
};

static const IsaDeviceClass i8257_class = {
    .device = { .object = { .name = "i8257",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(I8257),
                            .properties = i8257_properties },
                .summary = "8237A DMA controller",
                .category = DEVICE_CATEGORY_MISC,
                .reset = i8257_reset,
                .vmstate = &i8257_vmstate },
    .setup = i8257_setup,
    .cleanup = i8257_cleanup,
};
CLASS_REGISTER(i8257_class);
