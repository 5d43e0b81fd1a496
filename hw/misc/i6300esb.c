/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchdog of the Intel 6300ESB: two stages, of which the second resets. Its interrupt and SMI
 * after the first stage are not wired. Spec: 6300ESB I/O Controller Hub data sheet (300641), 16.
 */
#include "hw/core/machine.h"
#include "hw/pci/pci.h"
#include "util/log.h"
#include "util/timer.h"

enum { REG_CONFIG = 0x60, REG_LOCK = 0x68, BAR_BYTES = 16 };
enum { CONFIG_INTERRUPT = 0x03, CONFIG_FAST = 0x04, CONFIG_NO_OUTPUT = 0x20 };
enum { CONFIG_BITS = CONFIG_INTERRUPT | CONFIG_FAST | CONFIG_NO_OUTPUT };
enum { LOCK_LOCKED = 0x01, LOCK_ENABLE = 0x02, LOCK_FREE_RUN = 0x04 };
/* in the BAR */
enum { AT_PRELOAD_1 = 0x00, AT_PRELOAD_2 = 0x04, AT_INTERRUPT = 0x08, AT_RELOAD = 0x0c };
enum { PRELOAD_MASK = 0xfffff, RELOAD = 0x100, TIMEOUT = 0x200, UNLOCK_1 = 0x80, UNLOCK_2 = 0x86 };
enum { SLOW_SHIFT = 15, FAST_SHIFT = 5, TICK_NS = 30 }; /* of the 33 MHz of PCI */
enum { STAGES = 2 };

typedef struct {
    PciDevice pci;
    MemoryRegion registers;
    Timer timer;
    /* guest state */
    uint32_t preload[STAGES];
    uint8_t stage;     /* which is counting */
    uint8_t unlocked;  /* steps of the sequence that were done: 2 allows one write */
    bool timed_out;    /* kept over the reset that it caused */
    bool resetting;    /* the next reset is that one */
    int64_t expire_ns; /* guest time; INT64_MAX: nothing counts */
} Esb;

static void arm(Esb *dog, int64_t expire_ns)
{
    dog->expire_ns = expire_ns;
    if (expire_ns == INT64_MAX) {
        timer_cancel(&dog->timer);
    } else {
        timer_set_ns(&dog->timer, expire_ns);
    }
}

static void start_stage(Esb *dog, unsigned stage)
{
    int64_t now_ns = clock_ns(device_machine(&dog->pci.device)->clocks, CLOCK_KIND_VIRTUAL);
    unsigned shift = dog->pci.config[REG_CONFIG] & CONFIG_FAST ? FAST_SHIFT : SLOW_SHIFT;
    dog->stage = stage;
    arm(dog, now_ns + (int64_t)(((uint64_t)dog->preload[stage] + 1) << shift) * TICK_NS);
}

static bool is_enabled(const Esb *dog)
{
    return dog->pci.config[REG_LOCK] & LOCK_ENABLE;
}

static void expired(void *opaque)
{
    Esb *dog = opaque;
    if (dog->stage == 0) {
        start_stage(dog, 1);
        return;
    }
    dog->timed_out = true;
    if (!(dog->pci.config[REG_CONFIG] & CONFIG_NO_OUTPUT)) {
        dog->resetting = true;
        arm(dog, INT64_MAX);
        machine_watchdog_expired(device_machine(&dog->pci.device));
    } else if (dog->pci.config[REG_LOCK] & LOCK_FREE_RUN) {
        start_stage(dog, 0);
    } else {
        arm(dog, INT64_MAX);
    }
}

static uint64_t esb_read(void *opaque, hwaddr offset, unsigned size)
{
    const Esb *dog = opaque;
    return offset == AT_RELOAD && dog->timed_out ? TIMEOUT : 0;
}

static void esb_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Esb *dog = opaque;
    if (offset == AT_RELOAD && value == UNLOCK_1) {
        dog->unlocked = 1;
        return;
    }
    if (offset == AT_RELOAD && value == UNLOCK_2 && dog->unlocked == 1) {
        dog->unlocked = 2;
        return;
    }
    if (dog->unlocked != 2) {
        log_guest_error("i6300esb: write of register %#x, which is locked\n", (unsigned)offset);
        return;
    }
    dog->unlocked = 0;
    switch (offset) {
    case AT_PRELOAD_1: dog->preload[0] = value & PRELOAD_MASK; break;
    case AT_PRELOAD_2: dog->preload[1] = value & PRELOAD_MASK; break;
    case AT_RELOAD:
        if (value & TIMEOUT) {
            dog->timed_out = false;
        }
        if ((value & RELOAD) && is_enabled(dog)) {
            start_stage(dog, 0);
        }
        break;
    }
}

static const MemoryOps esb_ops = {
    .read = esb_read,
    .write = esb_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 4,
    .impl_max = 4,
};

/* 16.1.14: the lock can only be set, and holds the enable bit. */
static void esb_config_write(PciDevice *pci, unsigned offset, uint32_t value, unsigned size)
{
    Esb *dog = container_of(pci, Esb, pci);
    uint8_t before = pci->config[REG_LOCK];
    bool was = is_enabled(dog);
    pci_default_config_write(pci, offset, value, size);
    if (before & LOCK_LOCKED) {
        pci->config[REG_LOCK] = before;
    }
    if (is_enabled(dog) && !was) {
        start_stage(dog, 0);
    } else if (!is_enabled(dog)) {
        arm(dog, INT64_MAX);
    }
}

static bool esb_setup(PciDevice *pci, GError **errp)
{
    Esb *dog = container_of(pci, Esb, pci);
    timer_init(&dog->timer, device_machine(&pci->device)->clocks, CLOCK_KIND_VIRTUAL, expired, dog);
    dog->expire_ns = INT64_MAX;
    pci_config_writable(pci, REG_CONFIG, 2, CONFIG_BITS);
    pci_config_writable(pci, REG_LOCK, 1, LOCK_LOCKED | LOCK_ENABLE | LOCK_FREE_RUN);
    memory_region_init_io(&dog->registers, &pci->device.object, &esb_ops, dog, "i6300esb",
                          BAR_BYTES);
    pci_add_bar(pci, 0, PCI_BAR_MEM32, &dog->registers);
    return true;
}

static void esb_cleanup(PciDevice *pci)
{
    timer_cancel(&container_of(pci, Esb, pci)->timer);
}

static void esb_reset(PciDevice *pci)
{
    Esb *dog = container_of(pci, Esb, pci);
    dog->timed_out &= dog->resetting;
    dog->resetting = false;
    dog->preload[0] = dog->preload[1] = PRELOAD_MASK;
    dog->stage = dog->unlocked = 0;
    arm(dog, INT64_MAX);
}

static bool esb_post_load(void *opaque, uint32_t version, GError **errp)
{
    Esb *dog = opaque;
    dog->preload[0] &= PRELOAD_MASK;
    dog->preload[1] &= PRELOAD_MASK;
    dog->stage %= STAGES;
    dog->unlocked = MIN(dog->unlocked, 2);
    arm(dog, MAX(dog->expire_ns, 0));
    return true;
}

static const VmState esb_vmstate = {
    .version = 1,
    .post_load = esb_post_load,
    .fields =
        (const VmField[]){
            VM_U32_ARRAY(Esb, preload),
            VM_U8(Esb, stage),
            VM_U8(Esb, unlocked),
            VM_BOOL(Esb, timed_out),
            VM_BOOL(Esb, resetting),
            VM_I64(Esb, expire_ns),
            {},
        },
};

static const PciDeviceClass esb_class = {
    .device = { .object = { .name = "i6300esb",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Esb) },
                .summary = "Watchdog of the Intel 6300ESB",
                .user_creatable = true,
                .hotpluggable = true,
                .vmstate = &esb_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x25ab,
    .class = 0x0880,
    .setup = esb_setup,
    .cleanup = esb_cleanup,
    .reset = esb_reset,
    .config_write = esb_config_write,
};
CLASS_REGISTER(esb_class);
