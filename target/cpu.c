/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/cpu.h"

#include <string.h>

#include "accel/accel.h"
#include "disas/disas.h"
#include "memory/ram.h"
#include "util/atomic.h"
#include "util/error.h"

/* Something to do in a vCPU's thread, between guest instructions. */
typedef struct {
    CpuWorkFn *fn;
    void *data;
    bool *done; /* set under work_lock; NULL: nobody waits */
} CpuWork;

static __thread Cpu *current_cpu;

Cpu *cpu_current(void)
{
    return current_cpu;
}

void cpu_set_current(Cpu *cpu)
{
    current_cpu = cpu;
}

#define ACCEL_METHOD(cpu, slot) \
    CLASS_METHOD(&(cpu)->machine->accel->object, accel_class, AccelClass, slot)

/* Features are also written +name and -name, and with _ or . where the property has -. */
static bool set_properties(Object *obj, const char *text, GError **errp)
{
    g_autoptr(Keyval) keys = text ? keyval_parse(text, NULL, errp) : keyval_new();
    g_autoptr(Keyval) plain = keyval_new();

    for (unsigned i = 0; keys && i < keyval_count(keys); i++) {
        const KeyvalEntry *entry = keyval_entry(keys, i);
        bool minus = entry->key[0] == '-', sign = minus || entry->key[0] == '+';
        g_autofree char *dashed = g_strdelimit(g_strdup(entry->key + sign), "_.", '-');
        const char *name = property_find(obj->class, dashed) ? dashed : entry->key + sign;

        if (sign && entry->value && strcmp(entry->value, "on") != 0) {
            error_set(errp, "%s=%s: a sign and a value exclude each other", entry->key,
                      entry->value);
            return false;
        }
        keyval_add(plain, name, minus ? "off" : entry->value);
    }
    return keys && property_set_all(obj, plain, NULL, errp);
}

Cpu *cpu_new(Machine *machine, const ObjectClass *class, const char *properties, GError **errp)
{
    g_autofree char *name = g_strdup_printf("cpu[%u]", machine->cpus->len);
    Object *obj = object_new(class);
    Cpu *cpu = object_cast(obj, (const ObjectClass *)&cpu_class);

    g_assert(cpu);
    cpu->machine = machine;
    cpu->index = machine->cpus->len;
    cpu->memory = &machine->memory;
    bool added = object_add_child(&machine->object, name, obj, errp);
    object_unref(obj); /* the tree's reference stays */
    if (!added) {
        return NULL;
    }
    if (!set_properties(obj, properties, errp)) {
        object_unparent(obj);
        return NULL;
    }
    g_ptr_array_add(machine->cpus, cpu);
    return cpu;
}

bool cpu_realize(Cpu *cpu, GError **errp)
{
    Accel *accel = cpu->machine->accel;

    return !accel || ACCEL_METHOD(cpu, cpu_realize)(accel, cpu, errp);
}

void cpu_unrealize(Cpu *cpu)
{
    Accel *accel = cpu->machine->accel;

    if (accel) {
        ACCEL_METHOD(cpu, cpu_unrealize)(accel, cpu);
    }
}

void cpu_reset(Cpu *cpu)
{
    Accel *accel = cpu->machine->accel;

    atomic_set(&cpu->halted, false);
    cpu->env.hot.raise = 0;
    if (accel && cpu->device.realized) {
        ACCEL_METHOD(cpu, cpu_reset)(accel, cpu);
    }
}

void cpu_kick(Cpu *cpu)
{
    Accel *accel = cpu->machine->accel;

    if (accel && cpu->device.realized) {
        ACCEL_METHOD(cpu, cpu_kick)(accel, cpu);
    }
}

void cpu_interrupt_changed(Cpu *cpu)
{
    __auto_type has_work = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, has_work);

    if (has_work(cpu)) {
        cpu_kick(cpu);
    }
}

static void queue_work(Cpu *cpu, CpuWorkFn *fn, void *data, bool *done)
{
    CpuWork *work = g_new(CpuWork, 1);

    *work = (CpuWork){ .fn = fn, .data = data, .done = done };
    g_mutex_lock(&cpu->work_lock);
    g_queue_push_tail(&cpu->work, work);
    g_mutex_unlock(&cpu->work_lock);
    cpu_kick(cpu);
}

void cpu_run_on(Cpu *cpu, CpuWorkFn *fn, void *data)
{
    queue_work(cpu, fn, data, NULL);
}

void cpu_run_on_sync(Cpu *cpu, CpuWorkFn *fn, void *data)
{
    bool done = false;
    bool locked = machine_lock_held();

    if (cpu == current_cpu || !cpu->thread) {
        fn(cpu, data);
        return;
    }
    queue_work(cpu, fn, data, &done);
    if (locked) {
        machine_unlock(); /* the vCPU may be waiting for it */
    }
    g_mutex_lock(&cpu->work_lock);
    while (!done) {
        g_cond_wait(&cpu->halt_cond, &cpu->work_lock);
    }
    g_mutex_unlock(&cpu->work_lock);
    if (locked) {
        machine_lock();
    }
}

bool cpu_has_queued_work(Cpu *cpu)
{
    g_mutex_lock(&cpu->work_lock);
    bool any = !g_queue_is_empty(&cpu->work);
    g_mutex_unlock(&cpu->work_lock);
    return any;
}

bool cpu_run_work(Cpu *cpu)
{
    bool any = false;

    g_mutex_lock(&cpu->work_lock);
    for (CpuWork *work; (work = g_queue_pop_head(&cpu->work));) {
        g_mutex_unlock(&cpu->work_lock);
        work->fn(cpu, work->data);
        any = true;
        g_mutex_lock(&cpu->work_lock);
        if (work->done) {
            *work->done = true;
            g_cond_broadcast(&cpu->halt_cond);
        }
        g_free(work);
    }
    g_mutex_unlock(&cpu->work_lock);
    return any;
}

/* One piece of a debugger's access: within a page. */
static bool debug_access_page(Cpu *cpu, vaddr address, void *buffer, size_t length, bool write)
{
    __auto_type translate = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, debug_translate);
    MemTxAttrs attrs = { 0 };
    hwaddr physical;

    if (!translate(cpu, address, &physical, &attrs)) {
        return false;
    }
    attrs.debug = 1;
    return (write ? address_space_write(cpu->memory, physical, buffer, length, attrs)
                  : address_space_read(cpu->memory, physical, buffer, length, attrs)) == MEMTX_OK;
}

static bool debug_access(Cpu *cpu, vaddr address, void *buffer, size_t length, bool write)
{
    char *at = buffer;

    while (length > 0) {
        size_t chunk = MIN(length, RAM_PAGE_BYTES - (address & (RAM_PAGE_BYTES - 1)));
        if (!debug_access_page(cpu, address, at, chunk, write)) {
            return false;
        }
        address += chunk;
        at += chunk;
        length -= chunk;
    }
    return true;
}

bool cpu_debug_read(Cpu *cpu, vaddr address, void *buffer, size_t length)
{
    return debug_access(cpu, address, buffer, length, false);
}

bool cpu_debug_write(Cpu *cpu, vaddr address, const void *buffer, size_t length)
{
    return debug_access(cpu, address, (void *)buffer, length, true);
}

static void cpu_init(Object *obj)
{
    Cpu *cpu = (Cpu *)obj;

    g_mutex_init(&cpu->work_lock);
    g_cond_init(&cpu->halt_cond);
    g_queue_init(&cpu->work);
    cpu->stop = cpu->stopped = true;
}

static void cpu_finalize(Object *obj)
{
    Cpu *cpu = (Cpu *)obj;

    g_queue_clear_full(&cpu->work, g_free);
    g_mutex_clear(&cpu->work_lock);
    g_cond_clear(&cpu->halt_cond);
}

static bool cpu_device_realize(Device *dev, GError **errp)
{
    return cpu_realize(container_of(dev, Cpu, device), errp);
}

static void cpu_device_unrealize(Device *dev)
{
    cpu_unrealize(container_of(dev, Cpu, device));
}

static void cpu_device_reset(Device *dev)
{
    cpu_reset(container_of(dev, Cpu, device));
}

const CpuClass cpu_class = {
    .device = {
        .object = { .name = "cpu", .parent = (const ObjectClass *)&device_class,
                    .instance_size = sizeof(Cpu), .abstract = true,
                    .init = cpu_init, .finalize = cpu_finalize },
        .summary = "guest CPU",
        .category = DEVICE_CATEGORY_CPU,
        .realize = cpu_device_realize,
        .unrealize = cpu_device_unrealize,
        .reset = cpu_device_reset,
    },
};
CLASS_REGISTER(cpu_class);

static size_t disassemble_one(void *opaque, const uint8_t *code, size_t bytes, uint64_t address,
                              GString *text)
{
    Cpu *cpu = opaque;

    return CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, disassemble)(cpu, code, bytes,
                                                                               address, text);
}

void cpu_disassemble(Cpu *cpu, const void *code, size_t bytes, uint64_t address, GString *out)
{
    enum { UNIT_BYTES = 2 };
    __auto_type setup = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, disas_setup);
    int arch = DISAS_NONE, mode = 0;

    if (setup) {
        setup(cpu, &arch, &mode);
    }
    if (arch == DISAS_NONE && CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, disassemble)) {
        disas_code_by(&(DisasBy){ disassemble_one, cpu, UNIT_BYTES }, code, bytes, address, out);
    } else {
        disas_code(arch, mode, code, bytes, address, out);
    }
}
