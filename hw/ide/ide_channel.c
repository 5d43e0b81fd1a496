/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/ide/ide_channel.h"

#include "util/log.h"

enum {
    REG_DATA = 0,
    REG_ERROR_FEATURES = 1,
    REG_COUNT = 2,
    REG_LOW = 3,
    REG_MID = 4,
    REG_HIGH = 5,
    REG_DEVICE = 6,
    REG_STATUS_COMMAND = 7,
};
enum { DEVICE_OBSOLETE = 0xa0 };

static AtaDrive *selected(const IdeChannel *channel)
{
    return channel->bus.drives[channel->device & ATA_DEVICE_UNIT ? 1 : 0];
}

static void update_irq(IdeChannel *channel)
{
    irq_set(channel->irq, channel->irq_up && !(channel->control & ATA_CONTROL_NIEN));
}

static void raise_irq(IdeChannel *channel, const AtaDrive *drive, bool ended)
{
    if (drive != selected(channel)) { /* only it drives the line */
        return;
    }
    channel->irq_up = true;
    update_irq(channel);
    if (channel->master) {
        channel->master->interrupt(channel->master_opaque, ended);
    }
}

static void lower_irq(IdeChannel *channel)
{
    channel->irq_up = false;
    update_irq(channel);
}

/* What drives ask for */

static void data_ready(void *port, AtaDrive *drive, bool interrupt)
{
    if (interrupt) {
        raise_irq(port, drive, false);
    }
}

static void dma_ready(void *port, AtaDrive *drive)
{
    IdeChannel *channel = port;

    if (channel->master) {
        channel->master->wanted(channel->master_opaque);
    }
}

static bool dma(void *port, AtaDrive *drive, void *buffer, uint32_t bytes, bool to_guest)
{
    IdeChannel *channel = port;

    return channel->master &&
           channel->master->move(channel->master_opaque, buffer, bytes, to_guest);
}

static void done(void *port, AtaDrive *drive, bool interrupt)
{
    if (interrupt) {
        raise_irq(port, drive, drive->dma);
    }
}

static void reset_done(void *port, AtaDrive *drive)
{
}

static const AtaPortOps port_ops = {
    .data_ready = data_ready,
    .dma_ready = dma_ready,
    .dma = dma,
    .done = done,
    .reset_done = reset_done,
};

bool ide_channel_wants_dma(const IdeChannel *channel)
{
    const AtaDrive *drive = selected(channel);

    return drive && drive->dma && drive->phase != ATA_PHASE_IDLE;
}

void ide_channel_dma_start(IdeChannel *channel)
{
    AtaDrive *drive = selected(channel);

    if (drive) {
        ata_dma_start(drive);
    }
}

/* Data port: little-endian words; a drive that has no data is not impressed. */

static uint64_t read_data(IdeChannel *channel, unsigned size)
{
    AtaDrive *drive = selected(channel);
    uint64_t value = 0;

    if (!drive || drive->phase != ATA_PHASE_IN) {
        return 0;
    }
    unsigned bytes = MIN(size, drive->data_end - drive->data_at);
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)drive->buffer[drive->data_at + i] << 8 * i;
    }
    drive->data_at += bytes;
    if (drive->data_at == drive->data_end) {
        ata_data_done(drive);
    }
    return value;
}

static void write_data(IdeChannel *channel, uint64_t value, unsigned size)
{
    AtaDrive *drive = selected(channel);

    if (!drive || drive->phase != ATA_PHASE_OUT) {
        return;
    }
    unsigned bytes = MIN(size, drive->data_end - drive->data_at);
    for (unsigned i = 0; i < bytes; i++) {
        drive->buffer[drive->data_at + i] = value >> 8 * i;
    }
    drive->data_at += bytes;
    if (drive->data_at == drive->data_end) {
        ata_data_done(drive);
    }
}

/* Registers: both drives hear writes, one answers reads. */

static uint8_t visible(const IdeChannel *channel, const uint8_t reg[2])
{
    return reg[channel->control & ATA_CONTROL_HOB ? 1 : 0];
}

/* An absent drive 1 is answered for by drive 0, which says that it is not there. */
static uint8_t read_status(const IdeChannel *channel)
{
    const AtaDrive *drive = selected(channel);

    return drive ? drive->status : 0;
}

static uint8_t read_register(IdeChannel *channel, hwaddr offset)
{
    const AtaDrive *drive = selected(channel);
    const AtaRegisters *reg;

    if (!drive) {
        drive = channel->bus.drives[0];
    }
    if (!drive) {
        return offset == REG_STATUS_COMMAND ? 0 : 0xff;
    }
    reg = &drive->reg;
    switch (offset) {
    case REG_ERROR_FEATURES: return visible(channel, (const uint8_t[]){ drive->error, 0 });
    case REG_COUNT: return visible(channel, reg->count);
    case REG_LOW: return visible(channel, reg->low);
    case REG_MID: return visible(channel, reg->mid);
    case REG_HIGH: return visible(channel, reg->high);
    case REG_DEVICE: return drive->device | DEVICE_OBSOLETE | (channel->device & ATA_DEVICE_UNIT);
    default: lower_irq(channel); return read_status(channel);
    }
}

static void push(uint8_t reg[2], uint8_t value)
{
    reg[1] = reg[0];
    reg[0] = value;
}

static void write_drive(AtaDrive *drive, hwaddr offset, uint8_t value)
{
    AtaRegisters *reg = &drive->reg;

    if (ata_is_busy(drive) || drive->status & ATA_STATUS_DRQ) {
        log_guest_error("ata: register %u written while a command runs\n", (unsigned)offset);
        return;
    }
    switch (offset) {
    case REG_ERROR_FEATURES: push(reg->features, value); break;
    case REG_COUNT: push(reg->count, value); break;
    case REG_LOW: push(reg->low, value); break;
    case REG_MID: push(reg->mid, value); break;
    case REG_HIGH: push(reg->high, value); break;
    case REG_DEVICE: drive->device = value; break;
    }
}

static void write_command(IdeChannel *channel, uint8_t command)
{
    enum { EXECUTE_DIAGNOSTIC = 0x90 };
    AtaDrive *drive = selected(channel);
    AtaDrive *other = channel->bus.drives[channel->device & ATA_DEVICE_UNIT ? 0 : 1];

    lower_irq(channel);
    if (command == EXECUTE_DIAGNOSTIC) { /* both do, whichever is selected; drive 0 tells */
        channel->device &= ~ATA_DEVICE_UNIT;
        if (other) {
            ata_command(other, command);
        }
    }
    if (drive) {
        ata_command(drive, command);
    }
}

static uint64_t command_read(void *opaque, hwaddr offset, unsigned size)
{
    IdeChannel *channel = opaque;

    if (offset == REG_DATA) {
        return read_data(channel, size);
    }
    return size == 1 ? read_register(channel, offset) : UINT64_MAX;
}

static void command_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IdeChannel *channel = opaque;

    if (offset == REG_DATA) {
        write_data(channel, value, size);
        return;
    }
    if (size != 1) {
        log_guest_error("ide: %u-byte write of register %u\n", size, (unsigned)offset);
        return;
    }
    if (offset == REG_STATUS_COMMAND) {
        write_command(channel, value);
        return;
    }
    channel->control &= ~ATA_CONTROL_HOB;
    channel->device = offset == REG_DEVICE ? value : channel->device;
    for (unsigned i = 0; i < IDE_MAX_UNITS; i++) {
        if (channel->bus.drives[i]) {
            write_drive(channel->bus.drives[i], offset, value);
        }
    }
}

static uint64_t control_read(void *opaque, hwaddr offset, unsigned size)
{
    return read_status(opaque);
}

static void control_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IdeChannel *channel = opaque;
    uint8_t was = channel->control;

    channel->control = value;
    if (value & ATA_CONTROL_SRST && !(was & ATA_CONTROL_SRST)) {
        channel->device &= ~ATA_DEVICE_UNIT;
        channel->irq_up = false;
        for (unsigned i = 0; i < IDE_MAX_UNITS; i++) {
            if (channel->bus.drives[i]) {
                ata_reset(channel->bus.drives[i], false);
            }
        }
    }
    update_irq(channel);
}

static const MemoryOps command_ops = {
    .read = command_read, .write = command_write, .max_access = 4, .unaligned = true
};
static const MemoryOps control_ops = {
    .read = control_read, .write = control_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

void ide_channel_init(IdeChannel *channel, Device *owner, const char *name,
                      const IdeMasterOps *master, void *opaque)
{
    channel->master = master;
    channel->master_opaque = opaque;
    ide_bus_init(&channel->bus, owner, name, IDE_MAX_UNITS, &port_ops, channel);
    memory_region_init_io(&channel->command_ports, &owner->object, &command_ops, channel, name,
                          IDE_COMMAND_PORTS);
    memory_region_init_io(&channel->control_port, &owner->object, &control_ops, channel, name, 1);
}

void ide_channel_reset(IdeChannel *channel)
{
    channel->device = channel->control = 0;
    lower_irq(channel);
}

static bool ide_channel_post_load(void *opaque, uint32_t version, GError **errp)
{
    update_irq(opaque);
    return true;
}

const VmState ide_channel_vmstate = {
    .name = "ide-channel",
    .version = 1,
    .post_load = ide_channel_post_load,
    .fields = (const VmField[]){ VM_U8(IdeChannel, device),
                                 VM_U8(IdeChannel, control),
                                 VM_BOOL(IdeChannel, irq_up),
                                 {} },
};
