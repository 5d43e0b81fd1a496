/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: IBM PC/AT Technical Reference, "System Board". */
#include "hw/x86/at_devices.h"

#include "chardev/chardev.h"
#include "util/atomic.h"

static bool add_port(X86Machine *x86, const char *kind, unsigned index, Chardev *chardev,
                     GError **errp)
{
    g_autofree char *name = g_strdup_printf("%s%u", kind, index);
    g_autofree char *class = g_strconcat("isa-", kind, NULL);
    Device *port = x86_add_device(&x86->machine, name, class, errp);
    return port && property_set_u64(&port->object, "index", index, errp) &&
           property_set_link(&port->object, "chardev", &chardev->object, errp) &&
           x86_realize_isa(x86, port, errp);
}

bool at_add_ports(X86Machine *x86, GError **errp)
{
    const Machine *machine = &x86->machine;
    for (unsigned i = 0; i < AT_SERIAL_PORTS; i++) {
        if (machine->serial[i] && !add_port(x86, "serial", i, machine->serial[i], errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i < AT_PARALLEL_PORTS; i++) {
        if (machine->parallel[i] && !add_port(x86, "parallel", i, machine->parallel[i], errp)) {
            return false;
        }
    }
    return true;
}

bool at_add_dma(X86Machine *x86, GError **errp)
{
    static const struct {
        const char *name;
        uint32_t base, page, high_page;
        uint8_t shift;
    } pair[] = { { "dma1", 0x00, 0x80, 0x480, 0 }, { "dma2", 0xc0, 0x88, 0x488, 1 } };
    for (unsigned i = 0; i < G_N_ELEMENTS(pair); i++) {
        Device *dma = x86_add_device(&x86->machine, pair[i].name, "i8257", errp);
        if (!dma || !property_set_u64(&dma->object, "base", pair[i].base, errp) ||
            !property_set_u64(&dma->object, "page-base", pair[i].page, errp) ||
            !property_set_u64(&dma->object, "pageh-base", pair[i].high_page, errp) ||
            !property_set_u64(&dma->object, "dshift", pair[i].shift, errp) ||
            !x86_realize_isa(x86, dma, errp)) {
            return false;
        }
    }
    return true;
}

bool at_add_keyboard(X86Machine *x86, bool i8042, GError **errp)
{
    Device *port92 = x86_add_isa(x86, "port92", "port92", errp);
    Device *kbc = port92 && i8042 ? x86_add_isa(x86, "i8042", "i8042", errp) : NULL;
    if (!port92 || (i8042 && !kbc)) {
        return false;
    }
    device_connect_irq(port92, "a20", 0, x86_a20_input(x86, 0));
    if (kbc) {
        device_connect_irq(kbc, "a20", 0, x86_a20_input(x86, 1));
    }
    return true;
}

/* Called for every instruction that finds an error, or might have cleared one: most change nothing.
 * An error that stays is told once: what follows port 0xf0 runs as with IGNNE#. */
static void ferr_changed(void *opaque, bool level)
{
    X86Machine *x86 = opaque;
    if (atomic_read(&x86->ferr_level) != level) {
        machine_lock();
        atomic_set(&x86->ferr_level, level);
        irq_set(device_irq_input(x86->fpu_error, NULL, 0), level);
        machine_unlock();
    }
}

bool at_add_fpu_error(X86Machine *x86, GError **errp)
{
    X86Cpu *first = x86_machine_cpu(&x86->machine, 0);
    x86->fpu_error = x86_add_isa(x86, "fpu-error", "fpu-error", errp);
    first->ferr = ferr_changed;
    first->ferr_opaque = x86;
    return x86->fpu_error != NULL;
}
