/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "edu": a PCI device for courses on operating systems: identification, liveness, a factorial that
 * takes its time, interrupts by INTx or MSI, DMA into a buffer of its own.  Spec: the register
 * table of the public "EDU device" document.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bus.h"
#include "util/log.h"

enum {
    REG_ID = 0x00,
    REG_LIVENESS = 0x04,
    REG_FACTORIAL = 0x08,
    REG_STATUS = 0x20,
    REG_IRQ_STATUS = 0x24,
    REG_IRQ_RAISE = 0x60,
    REG_IRQ_ACK = 0x64,
    REG_DMA_SOURCE = 0x80,
    REG_DMA_DESTINATION = 0x88,
    REG_DMA_COUNT = 0x90,
    REG_DMA_COMMAND = 0x98,
    WIDE_REGISTERS = 0x80, /* from here on 8 bytes may be accessed at once */
    REGION_BYTES = 1 << 20,
};
enum { ID = 0x010000ed };
enum { STATUS_COMPUTING = 0x01, STATUS_IRQ = 0x80 };
enum { IRQ_FACTORIAL = 0x01, IRQ_DMA = 0x100 };
enum { DMA_RUN = 0x1, DMA_TO_MEMORY = 0x2, DMA_IRQ = 0x4, DMA_COMMAND_BITS = 0x7 };
enum { BUFFER_AT = 0x40000, BUFFER_BYTES = 4096, FACTORIAL_ZERO_FROM = 34 };
static const int64_t factorial_ns = 100000, dma_ns = 100000000;

typedef struct {
    PciDevice pci;
    MemoryRegion mmio;
    Timer factorial_timer, dma_timer;
    uint64_t dma_mask; /* property: addresses it can drive */
    /* guest state */
    uint32_t liveness, factorial, status, irq_status;
    uint64_t dma_source, dma_destination, dma_count, dma_command;
    uint8_t buffer[BUFFER_BYTES];
} Edu;

static void raise_irq(Edu *edu, uint32_t bits)
{
    edu->irq_status |= bits;
    if (!edu->irq_status) {
        return;
    }
    if (pci_msi_enabled(&edu->pci)) {
        pci_msi_notify(&edu->pci, 0);
    } else {
        pci_set_irq(&edu->pci, 1);
    }
}

static void ack_irq(Edu *edu, uint32_t bits)
{
    edu->irq_status &= ~bits;
    if (!edu->irq_status) {
        pci_set_irq(&edu->pci, 0);
    }
}

/* Modulo 2^32: the product is 0 once it has 32 factors of 2. */
static uint32_t factorial(uint32_t n)
{
    uint32_t result = n < FACTORIAL_ZERO_FROM;
    for (uint32_t i = 2; i <= n && result; i++) {
        result *= i;
    }
    return result;
}

static void factorial_done(void *opaque)
{
    Edu *edu = opaque;
    edu->factorial = factorial(edu->factorial);
    edu->status &= ~STATUS_COMPUTING;
    if (edu->status & STATUS_IRQ) {
        raise_irq(edu, IRQ_FACTORIAL);
    }
}

/* Where in the buffer a transfer goes; NULL when it leaves it. */
static uint8_t *buffer_at(Edu *edu, uint64_t address)
{
    uint64_t at = address - BUFFER_AT;
    if (address < BUFFER_AT || at > BUFFER_BYTES || edu->dma_count > BUFFER_BYTES - at) {
        log_guest_error("edu: %#" PRIx64 " bytes at %#" PRIx64 " are not in the buffer\n",
                        edu->dma_count, address);
        return NULL;
    }
    return edu->buffer + at;
}

static hwaddr masked(const Edu *edu, uint64_t address)
{
    if (address & ~edu->dma_mask) {
        log_guest_error("edu: DMA address %#" PRIx64 " is cut to the mask\n", address);
    }
    return address & edu->dma_mask;
}

static void dma_done(void *opaque)
{
    Edu *edu = opaque;
    bool to_memory = edu->dma_command & DMA_TO_MEMORY;
    uint8_t *at = buffer_at(edu, to_memory ? edu->dma_source : edu->dma_destination);

    if (at && to_memory) {
        pci_dma_write(&edu->pci, masked(edu, edu->dma_destination), at, edu->dma_count);
    } else if (at) {
        pci_dma_read(&edu->pci, masked(edu, edu->dma_source), at, edu->dma_count);
    }
    edu->dma_command &= ~(uint64_t)DMA_RUN;
    if (edu->dma_command & DMA_IRQ) {
        raise_irq(edu, IRQ_DMA);
    }
}

static bool is_access_allowed(hwaddr offset, unsigned size)
{
    return size == 4 || (size == 8 && offset >= WIDE_REGISTERS);
}

static uint64_t edu_read(void *opaque, hwaddr offset, unsigned size)
{
    const Edu *edu = opaque;
    if (!is_access_allowed(offset, size)) {
        return UINT64_MAX;
    }
    switch (offset) {
    case REG_ID: return ID;
    case REG_LIVENESS: return edu->liveness;
    case REG_FACTORIAL: return edu->factorial;
    case REG_STATUS: return edu->status;
    case REG_IRQ_STATUS: return edu->irq_status;
    case REG_DMA_SOURCE: return edu->dma_source;
    case REG_DMA_DESTINATION: return edu->dma_destination;
    case REG_DMA_COUNT: return edu->dma_count;
    case REG_DMA_COMMAND: return edu->dma_command;
    default: return UINT64_MAX;
    }
}

static int64_t now_ns(const Edu *edu)
{
    return clock_ns(edu->dma_timer.clocks, CLOCK_KIND_VIRTUAL);
}

/* Nothing changes under a transfer. */
static void write_dma(Edu *edu, hwaddr offset, uint64_t value)
{
    if (edu->dma_command & DMA_RUN) {
        log_guest_error("edu: DMA is running\n");
        return;
    }
    switch (offset) {
    case REG_DMA_SOURCE: edu->dma_source = value; break;
    case REG_DMA_DESTINATION: edu->dma_destination = value; break;
    case REG_DMA_COUNT: edu->dma_count = value; break;
    case REG_DMA_COMMAND:
        if (value & DMA_RUN) {
            edu->dma_command = value & DMA_COMMAND_BITS;
            timer_set_ns(&edu->dma_timer, now_ns(edu) + dma_ns);
        }
        break;
    }
}

static void edu_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Edu *edu = opaque;
    if (!is_access_allowed(offset, size)) {
        log_guest_error("edu: %u-byte write of register %#" PRIx64 "\n", size, offset);
        return;
    }
    switch (offset) {
    case REG_LIVENESS: edu->liveness = ~value; break;
    case REG_FACTORIAL:
        if (!(edu->status & STATUS_COMPUTING)) {
            edu->factorial = value;
            edu->status |= STATUS_COMPUTING;
            timer_set_ns(&edu->factorial_timer, now_ns(edu) + factorial_ns);
        }
        break;
    case REG_STATUS: edu->status = (edu->status & ~STATUS_IRQ) | (value & STATUS_IRQ); break;
    case REG_IRQ_RAISE: raise_irq(edu, value); break;
    case REG_IRQ_ACK: ack_irq(edu, value); break;
    default: write_dma(edu, offset, value); break;
    }
}

static const MemoryOps edu_ops = {
    .read = edu_read,
    .write = edu_write,
    .min_access = 4,
    .max_access = 8,
};

static bool edu_setup(PciDevice *pci, GError **errp)
{
    Edu *edu = container_of(pci, Edu, pci);
    ClockSet *clocks = device_machine(&pci->device)->clocks;
    const PciMsiConfig msi = { .vectors = 1, .address64 = true };

    timer_init(&edu->factorial_timer, clocks, CLOCK_KIND_VIRTUAL, factorial_done, edu);
    timer_init(&edu->dma_timer, clocks, CLOCK_KIND_VIRTUAL, dma_done, edu);
    memory_region_init_io(&edu->mmio, &pci->device.object, &edu_ops, edu, "edu", REGION_BYTES);
    pci_add_bar(pci, 0, PCI_BAR_MEM32, &edu->mmio);
    pci_set_interrupt_pin(pci, 1);
    return pci_msi_init(pci, &msi, errp);
}

static void stop_timers(PciDevice *pci)
{
    Edu *edu = container_of(pci, Edu, pci);
    timer_cancel(&edu->factorial_timer);
    timer_cancel(&edu->dma_timer);
}

static void edu_reset(PciDevice *pci)
{
    Edu *edu = container_of(pci, Edu, pci);
    stop_timers(pci);
    edu->liveness = edu->factorial = edu->status = edu->irq_status = 0;
    edu->dma_source = edu->dma_destination = edu->dma_count = edu->dma_command = 0;
    memset(edu->buffer, 0, sizeof(edu->buffer));
}

static bool edu_post_load(void *opaque, uint32_t version, GError **errp)
{
    Edu *edu = opaque;
    edu->status &= STATUS_COMPUTING | STATUS_IRQ;
    edu->dma_command &= DMA_COMMAND_BITS;
    return true;
}

static const Property edu_properties[] = {
    PROPERTY_U64("dma_mask", Edu, dma_mask, (1 << 28) - 1, .help = "address bits that DMA can use"),
    {},
};

static const VmState edu_vmstate = {
    .version = 1,
    .post_load = edu_post_load,
    .fields =
        (const VmField[]){
            VM_TIMER(Edu, factorial_timer),
            VM_TIMER(Edu, dma_timer),
            VM_U32(Edu, liveness),
            VM_U32(Edu, factorial),
            VM_U32(Edu, status),
            VM_U32(Edu, irq_status),
            VM_U64(Edu, dma_source),
            VM_U64(Edu, dma_destination),
            VM_U64(Edu, dma_count),
            VM_U64(Edu, dma_command),
            VM_BUFFER(Edu, buffer),
            {},
        },
};

static const PciDeviceClass edu_class = {
    .device = { .object = { .name = "edu",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Edu),
                            .properties = edu_properties },
                .summary = "PCI device for courses on operating systems",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .vmstate = &edu_vmstate },
    .vendor = 0x1234,
    .id = 0x11e8,
    .revision = 0x10,
    .class = PCI_CLASS_OTHER,
    .setup = edu_setup,
    .cleanup = stop_timers,
    .reset = edu_reset,
};
CLASS_REGISTER(edu_class);
