/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two 8259A programmable interrupt controllers, the second behind input 2 of the first, with the
 * edge/level control registers of PCI chipsets.
 * Spec: Intel 8259A data sheet (231468-003); PIIX3 data sheet (290550), 2.5.6, for the ELCR.
 */
#include "hw/intc/i8259.h"

#include "hw/core/irq_info.h"
#include "util/error.h"
#include "util/log.h"

enum { FIRST, SECOND, CHIPS, INPUTS = 8, CASCADE = 2 };
enum { ICW1_ICW4 = 0x01, ICW1_SINGLE = 0x02, ICW1_LEVEL = 0x08, ICW1 = 0x10 };
enum { ICW4_AUTO_EOI = 0x02, ICW4_SPECIAL_NESTED = 0x10 };
enum { OCW3 = 0x08, OCW3_READ = 0x02, OCW3_READ_ISR = 0x01, OCW3_POLL = 0x04 };
enum { OCW3_SPECIAL_MASK_SET = 0x60, OCW3_SPECIAL_MASK_CLEAR = 0x40 };
enum { NEXT_NONE, NEXT_ICW2, NEXT_ICW3, NEXT_ICW4 };

typedef struct I8259 I8259;

/* One chip: wiring, then guest state. */
typedef struct {
    I8259 *pic;
    MemoryRegion ports, elcr_port;
    unsigned which;
    uint8_t irr, imr, isr;
    uint8_t level;    /* of the input pins */
    uint8_t elcr;     /* inputs that are level-triggered */
    uint8_t priority; /* input with the highest priority */
    uint8_t base;     /* ICW2 */
    uint8_t next;     /* initialization word that is expected */
    bool icw4, single, all_level, auto_eoi, rotate_auto, special_nested, special_mask;
    bool read_isr, poll;
} Chip;

struct I8259 {
    IsaDevice isa;
    Irq *intr;
    Chip chip[CHIPS];
    uint64_t counts[CHIPS * INPUTS]; /* edges and rising levels, for people */
};

/* Inputs that the chipset wires to devices of the board are edges for ever. */
static const uint8_t elcr_writable[CHIPS] = { 0xf8, 0xde };

static uint8_t level_inputs(const Chip *chip)
{
    return chip->all_level ? 0xff : chip->elcr;
}

/* Distance of the first set bit from the highest priority; INPUTS when there is none. */
static unsigned first_by_priority(const Chip *chip, uint8_t bits)
{
    for (unsigned i = 0; i < INPUTS; i++) {
        if (bits >> ((chip->priority + i) % INPUTS) & 1) {
            return i;
        }
    }
    return INPUTS;
}

/* The input to serve now, or -1: "fully nested mode" and its variations. */
static int requested(const I8259 *pic, unsigned which)
{
    const Chip *chip = &pic->chip[which];
    uint8_t wanted = chip->irr & ~chip->imr, serving = chip->isr;
    if (chip->special_mask) {
        serving &= ~chip->imr; /* what is masked while in service holds nobody back */
    }
    if (chip->special_nested && which == FIRST) {
        serving &= ~(1 << CASCADE); /* a higher one may come from the same second chip */
    }
    unsigned best = first_by_priority(chip, wanted);
    if (best == INPUTS || best >= first_by_priority(chip, serving)) {
        return -1;
    }
    return (chip->priority + best) % INPUTS;
}

/*
 * An edge is kept when the line falls before it is acknowledged. The data sheet would make it a
 * spurious interrupt, but pulses take no time here.
 */
static void chip_input(Chip *chip, unsigned input, bool level)
{
    uint8_t bit = 1 << input;
    if (level_inputs(chip) & bit) {
        chip->irr = level ? chip->irr | bit : chip->irr & ~bit;
    } else if (level && !(chip->level & bit)) {
        chip->irr |= bit;
    }
    chip->level = level ? chip->level | bit : chip->level & ~bit;
}

static void set_cascade(I8259 *pic, bool level)
{
    chip_input(&pic->chip[FIRST], CASCADE, level);
    if (!level) {
        pic->chip[FIRST].irr &= ~(1 << CASCADE); /* withdrawn, for example by a mask */
    }
}

static void update(I8259 *pic)
{
    set_cascade(pic, requested(pic, SECOND) >= 0);
    irq_set(pic->intr, requested(pic, FIRST) >= 0);
}

static void input_changed(void *opaque, unsigned line, int level)
{
    I8259 *pic = opaque;
    if (line == CASCADE) {
        return; /* not a pin of the pair */
    }
    Chip *chip = &pic->chip[line / INPUTS];
    pic->counts[line] += level && !(chip->level >> line % INPUTS & 1);
    chip_input(chip, line % INPUTS, level);
    update(pic);
}

/* First half of the acknowledge cycle: IRR to ISR. */
static void serve(Chip *chip, unsigned input)
{
    uint8_t bit = 1 << input;
    if (!(level_inputs(chip) & bit)) {
        chip->irr &= ~bit;
    }
    if (!chip->auto_eoi) {
        chip->isr |= bit;
    } else if (chip->rotate_auto) {
        chip->priority = (input + 1) % INPUTS;
    }
}

/* The next request behind the cascade is a new edge although the output need not have fallen. */
static void serve_cascaded(I8259 *pic, unsigned input)
{
    serve(&pic->chip[SECOND], input);
    set_cascade(pic, false);
}

int i8259_acknowledge(void *opaque)
{
    I8259 *pic = container_of((Device *)opaque, I8259, isa.device);
    Chip *first = &pic->chip[FIRST], *second = &pic->chip[SECOND];
    int input = requested(pic, FIRST);
    int vector;
    if (input < 0) {
        vector = first->base + 7; /* spurious: no bit in service */
    } else if (input != CASCADE) {
        serve(first, input);
        vector = first->base + input;
    } else {
        int behind = requested(pic, SECOND);
        serve(first, input);
        if (behind >= 0) {
            serve_cascaded(pic, behind);
        }
        vector = second->base + (behind < 0 ? 7 : behind);
    }
    update(pic);
    return vector;
}

/* "Poll command": like an acknowledge cycle of this chip alone. */
static uint8_t read_poll(Chip *chip)
{
    int input = requested(chip->pic, chip->which);
    chip->poll = false;
    if (input < 0) {
        return 0;
    }
    if (chip->which == SECOND) {
        serve_cascaded(chip->pic, input);
    } else {
        serve(chip, input);
    }
    update(chip->pic);
    return 0x80 | input;
}

static void write_icw1(Chip *chip, uint8_t value)
{
    chip->next = NEXT_ICW2;
    chip->icw4 = value & ICW1_ICW4;
    chip->single = value & ICW1_SINGLE;
    chip->all_level = value & ICW1_LEVEL;
    chip->irr = level_inputs(chip) & chip->level; /* the edge sense circuit is reset */
    chip->imr = chip->isr = 0;
    chip->priority = 0;
    chip->special_mask = chip->read_isr = chip->poll = false;
    chip->auto_eoi = chip->rotate_auto = chip->special_nested = false;
    update(chip->pic);
}

/* OCW2: R, SL, EOI in bits 7 to 5 */
static void write_ocw2(Chip *chip, uint8_t value)
{
    unsigned input = value & 7;
    unsigned first =
        first_by_priority(chip, chip->special_mask ? chip->isr & ~chip->imr : chip->isr);
    bool serving = first < INPUTS;
    first = (chip->priority + first) % INPUTS;
    switch (value >> 5) {
    case 0: chip->rotate_auto = false; break;
    case 4: chip->rotate_auto = true; break;
    case 1:
    case 5: /* non-specific EOI; 5 with rotation */
        if (serving) {
            chip->isr &= ~(1 << first);
            chip->priority = value >> 5 == 5 ? (first + 1) % INPUTS : chip->priority;
        }
        break;
    case 3: chip->isr &= ~(1 << input); break;
    case 7:
        chip->isr &= ~(1 << input);
        chip->priority = (input + 1) % INPUTS;
        break;
    case 6: chip->priority = (input + 1) % INPUTS; break;
    }
    update(chip->pic);
}

static void write_ocw3(Chip *chip, uint8_t value)
{
    chip->poll = value & OCW3_POLL;
    if (value & OCW3_READ) {
        chip->read_isr = value & OCW3_READ_ISR;
    }
    if ((value & 0x60) == OCW3_SPECIAL_MASK_SET) {
        chip->special_mask = true;
    } else if ((value & 0x60) == OCW3_SPECIAL_MASK_CLEAR) {
        chip->special_mask = false;
    }
    update(chip->pic);
}

static void write_data(Chip *chip, uint8_t value)
{
    switch (chip->next) {
    case NEXT_ICW2:
        chip->base = value & 0xf8;
        chip->next = chip->single ? chip->icw4 ? NEXT_ICW4 : NEXT_NONE : NEXT_ICW3;
        return;
    case NEXT_ICW3: /* which input is cascaded is soldered */
        chip->next = chip->icw4 ? NEXT_ICW4 : NEXT_NONE;
        return;
    case NEXT_ICW4:
        chip->auto_eoi = value & ICW4_AUTO_EOI;
        chip->special_nested = value & ICW4_SPECIAL_NESTED;
        chip->next = NEXT_NONE;
        break;
    default: chip->imr = value; break;
    }
    update(chip->pic);
}

static uint64_t chip_read(void *opaque, hwaddr port, unsigned size)
{
    Chip *chip = opaque;
    if (chip->poll) {
        return read_poll(chip);
    }
    if (port) {
        return chip->imr;
    }
    return chip->read_isr ? chip->isr : chip->irr;
}

static void chip_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Chip *chip = opaque;
    if (port) {
        write_data(chip, value);
    } else if (value & ICW1) {
        write_icw1(chip, value);
    } else if (value & OCW3) {
        write_ocw3(chip, value);
    } else {
        write_ocw2(chip, value);
    }
}

static uint64_t elcr_read(void *opaque, hwaddr port, unsigned size)
{
    return ((Chip *)opaque)->elcr;
}

static void elcr_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Chip *chip = opaque;
    if (value & ~elcr_writable[chip->which] & 0xff) {
        log_guest_error("i8259: ELCR value %#x makes fixed inputs level-triggered\n",
                        (unsigned)value);
    }
    chip->elcr = value & elcr_writable[chip->which];
    chip->irr = (chip->irr & ~chip->elcr) | (chip->level & chip->elcr);
    update(chip->pic);
}

static const MemoryOps chip_ops = {
    .read = chip_read, .write = chip_write, .max_access = 4, .impl_max = 1, .impl_min = 1
};
static const MemoryOps elcr_ops = {
    .read = elcr_read, .write = elcr_write, .max_access = 4, .impl_max = 1, .impl_min = 1
};

static bool i8259_setup(IsaDevice *isa, GError **errp)
{
    I8259 *pic = container_of(isa, I8259, isa);
    Object *obj = &isa->device.object;
    for (unsigned i = 0; i < CHIPS; i++) {
        Chip *chip = &pic->chip[i];
        chip->pic = pic;
        chip->which = i;
        memory_region_init_io(&chip->ports, obj, &chip_ops, chip, "pic", 2);
        memory_region_init_io(&chip->elcr_port, obj, &elcr_ops, chip, "elcr", 1);
        isa_add_ports(isa, &chip->ports, i == FIRST ? 0x20 : 0xa0);
        isa_add_ports(isa, &chip->elcr_port, 0x4d0 + i);
    }
    device_add_irq_inputs(&isa->device, NULL, input_changed, pic, CHIPS * INPUTS);
    device_add_irq_outputs(&isa->device, NULL, &pic->intr, 1);
    return true;
}

/* Levels belong to the devices outside. */
static void i8259_reset(Device *dev)
{
    I8259 *pic = container_of(dev, I8259, isa.device);
    for (unsigned i = 0; i < CHIPS; i++) {
        Chip *chip = &pic->chip[i];
        chip->elcr = chip->base = 0;
        write_icw1(chip, ICW1_ICW4);
        chip->next = NEXT_NONE;
        chip->icw4 = false;
    }
    update(pic);
}

static bool i8259_post_load(void *opaque, uint32_t version, GError **errp)
{
    I8259 *pic = opaque;
    for (unsigned i = 0; i < CHIPS; i++) {
        const Chip *chip = &pic->chip[i];
        if (chip->priority >= INPUTS || chip->next > NEXT_ICW4 ||
            (chip->elcr & ~elcr_writable[i])) {
            error_set(errp, "i8259: the saved registers cannot be");
            return false;
        }
    }
    update(pic);
    return true;
}

static const VmState chip_vmstate = {
    .name = "i8259-chip",
    .version = 1,
    .fields =
        (const VmField[]){
            VM_U8(Chip, irr),
            VM_U8(Chip, imr),
            VM_U8(Chip, isr),
            VM_U8(Chip, level),
            VM_U8(Chip, elcr),
            VM_U8(Chip, priority),
            VM_U8(Chip, base),
            VM_U8(Chip, next),
            VM_BOOL(Chip, icw4),
            VM_BOOL(Chip, single),
            VM_BOOL(Chip, all_level),
            VM_BOOL(Chip, auto_eoi),
            VM_BOOL(Chip, rotate_auto),
            VM_BOOL(Chip, special_nested),
            VM_BOOL(Chip, special_mask),
            VM_BOOL(Chip, read_isr),
            VM_BOOL(Chip, poll),
            {},
        },
};

static const VmState i8259_vmstate = {
    .version = 1,
    .post_load = i8259_post_load,
    .fields = (const VmField[]){ VM_STRUCT_ARRAY(I8259, chip, chip_vmstate, Chip), {} },
};

static void i8259_describe(Object *obj, GString *out)
{
    const I8259 *pic = container_of(obj, I8259, isa.device.object);
    for (unsigned i = CHIPS; i-- > 0;) {
        const Chip *chip = &pic->chip[i];
        g_string_append_printf(out,
                               "pic%u: irr=%02x imr=%02x isr=%02x hprio=%u irq_base=%02x "
                               "rr_sel=%u elcr=%02x fnm=%u\n",
                               i, chip->irr, chip->imr, chip->isr, chip->priority, chip->base,
                               chip->read_isr, chip->elcr, chip->special_nested);
    }
}

static const uint64_t *i8259_counts(Object *obj, unsigned *inputs)
{
    *inputs = CHIPS * INPUTS;
    return container_of(obj, I8259, isa.device.object)->counts;
}

static const IrqInfoOps i8259_irq_info = { i8259_describe, i8259_counts };
static const InterfaceEntry i8259_interfaces[] = { { &irq_info_interface, &i8259_irq_info }, {} };

const IsaDeviceClass i8259_class = {
    .device = { .object = { .name = "isa-i8259",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(I8259),
                            .interfaces = i8259_interfaces },
                .summary = "Pair of 8259A interrupt controllers",
                .category = DEVICE_CATEGORY_MISC,
                .reset = i8259_reset,
                .vmstate = &i8259_vmstate },
    .setup = i8259_setup,
};
CLASS_REGISTER(i8259_class);
