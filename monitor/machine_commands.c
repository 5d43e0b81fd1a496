/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the machine, its processors and its memory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "accel/accel.h"
#include "hw/core/numa.h"
#include "hw/misc/vmgenid.h"
#include "schema/commands.h"
#include "util/error.h"
#include "util/fdset.h"

enum { COPY_BYTES = 64 * 1024 };

QmpNameInfo *qmp_query_name(CommandContext *context, GError **errp)
{
    QmpNameInfo *info = qmp_name_info_new();
    info->name = g_strdup(context->machine->name);
    return info;
}

QmpUuidInfo *qmp_query_uuid(CommandContext *context, GError **errp)
{
    QmpUuidInfo *info = qmp_uuid_info_new();
    const char *uuid = context->machine->uuid;
    info->UUID = g_strdup(uuid ? uuid : "00000000-0000-0000-0000-000000000000");
    return info;
}

QmpKvmInfo *qmp_query_kvm(CommandContext *context, GError **errp)
{
    QmpKvmInfo *info = qmp_kvm_info_new();
    info->present = object_class_by_name("kvm-accel") != NULL;
    info->enabled = strcmp(context->machine->accel->object.class->name, "kvm-accel") == 0;
    return info;
}

static bool find_arch(const char *name, QmpSysEmuTarget *arch, GError **errp)
{
    for (int i = 0; i < QMP_SYS_EMU_TARGET_COUNT; i++) {
        if (strcmp(qmp_sys_emu_target_names[i], name) == 0) {
            *arch = (QmpSysEmuTarget)i;
            return true;
        }
    }
    error_set(errp, "architecture '%s' has no name on the wire", name);
    return false;
}

QmpTargetInfo *qmp_query_target(CommandContext *context, GError **errp)
{
    g_autoptr(QmpTargetInfo) info = qmp_target_info_new();
    return find_arch(context->arch, &info->arch, errp) ? g_steal_pointer(&info) : NULL;
}

QmpCurrentMachineParams *qmp_query_current_machine(CommandContext *context, GError **errp)
{
    QmpCurrentMachineParams *params = qmp_current_machine_params_new();
    params->wakeup_suspend_support = context->machine->can_suspend;
    return params;
}

static void get_thread(Cpu *cpu, void *data)
{
    *(int64_t *)data = gettid();
}

static QmpCpuInstanceProperties *cpu_place(const Machine *machine, unsigned index)
{
    const MachineTopology *topology = &machine->topology;
    QmpCpuInstanceProperties *place = qmp_cpu_instance_properties_new();
    place->has_node_id = machine->numa != NULL;
    place->node_id = numa_node_of(machine, index);
    place->has_thread_id = place->has_core_id = place->has_socket_id = true;
    place->thread_id = index % topology->threads;
    index /= topology->threads;
    place->core_id = index % topology->cores;
    index /= topology->cores;
    place->has_cluster_id = topology->clusters > 1;
    place->cluster_id = index % topology->clusters;
    index /= topology->clusters;
    place->has_die_id = topology->dies > 1;
    place->die_id = index % topology->dies;
    place->socket_id = index / topology->dies;
    return place;
}

GPtrArray *qmp_query_cpus_fast(CommandContext *context, GError **errp)
{
    const GPtrArray *cpus = context->machine->cpus;
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; i < cpus->len; i++) {
        Cpu *cpu = g_ptr_array_index(cpus, i);
        const CpuClass *class = (const CpuClass *)cpu->device.object.class;
        QmpCpuInfoFast *info = qmp_cpu_info_fast_new();
        info->cpu_index = cpu->index;
        info->qom_path = object_path(&cpu->device.object);
        info->props = cpu_place(context->machine, i);
        find_arch(class->arch ? class->arch : context->arch, &info->target, NULL);
        if (cpu->thread) {
            cpu_run_on_sync(cpu, get_thread, &info->thread_id);
        }
        g_ptr_array_add(list, info);
    }
    return list;
}

GPtrArray *qmp_query_hotpluggable_cpus(CommandContext *context, GError **errp)
{
    const Machine *machine = context->machine;
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; machine->cpu_class && i < machine->topology.max_cpus; i++) {
        QmpHotpluggableCpu *info = qmp_hotpluggable_cpu_new();
        info->type = g_strdup(machine->cpu_class->name);
        info->vcpus_count = 1;
        info->props = cpu_place(machine, i);
        if (i < machine->cpus->len) {
            Cpu *cpu = g_ptr_array_index(machine->cpus, i);
            info->qom_path = object_path(&cpu->device.object);
        }
        g_ptr_array_add(list, info);
    }
    return list;
}

QmpGuidInfo *qmp_query_vm_generation_id(CommandContext *context, GError **errp)
{
    Device *vmgenid = vmgenid_find(context->machine);
    if (!vmgenid) {
        error_set(errp, "this machine has no vmgenid");
        return NULL;
    }
    QmpGuidInfo *info = qmp_guid_info_new();
    info->guid = vmgenid_text(vmgenid);
    return info;
}

bool qmp_rtc_reset_reinjection(CommandContext *context, GError **errp)
{
    return true; /* nothing is owed */
}

GPtrArray *qmp_query_memory_devices(CommandContext *context, GError **errp)
{
    return g_ptr_array_new(); /* all memory is the machine's own */
}

GPtrArray *qmp_query_iothreads(CommandContext *context, GError **errp)
{
    return g_ptr_array_new(); /* devices are served by the main thread */
}

QmpMemoryInfo *qmp_query_memory_size_summary(CommandContext *context, GError **errp)
{
    QmpMemoryInfo *info = qmp_memory_info_new();
    info->base_memory = (int64_t)context->machine->ram_bytes;
    return info;
}

static bool is_on(Object *obj, const char *name)
{
    g_autofree char *text = property_find(obj->class, name) ? property_get(obj, name, NULL) : NULL;
    return text && strcmp(text, "on") == 0;
}

GPtrArray *qmp_query_memdev(CommandContext *context, GError **errp)
{
    const ObjectClass *class = object_class_by_name("memory-backend");
    const GPtrArray *objects = object_child(context->root, "objects")->children;
    GPtrArray *list = g_ptr_array_new();
    for (guint i = 0; objects && i < objects->len; i++) {
        Object *obj = g_ptr_array_index(objects, i);
        if (!object_class_is_a(obj->class, class)) {
            continue;
        }
        QmpMemdev *memdev = qmp_memdev_new();
        g_autofree char *size = property_get(obj, "size", NULL);
        memdev->id = g_strdup(obj->name);
        memdev->size = g_ascii_strtoll(size, NULL, 10);
        memdev->merge = is_on(obj, "merge");
        memdev->dump = true; /* nothing takes it out */
        memdev->prealloc = is_on(obj, "prealloc");
        memdev->share = is_on(obj, "share");
        memdev->host_nodes = g_array_new(FALSE, TRUE, sizeof(int64_t));
        g_ptr_array_add(list, memdev);
    }
    return list;
}

/* What memory is read from: a processor's view, or with @cpu NULL the machine's. */
typedef struct {
    Machine *machine;
    Cpu *cpu;
} MemoryView;

static bool view_read(const MemoryView *view, uint64_t address, void *buffer, size_t length)
{
    MemTxAttrs attrs = { .debug = 1 };
    if (view->cpu) {
        return cpu_debug_read(view->cpu, address, buffer, length);
    }
    return address_space_read(&view->machine->memory, address, buffer, length, attrs) == MEMTX_OK;
}

static bool write_all(int fd, const uint8_t *bytes, size_t length, GError **errp)
{
    while (length > 0) {
        ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            error_set_errno(errp, errno, "writing the file failed");
            return false;
        }
        bytes += done;
        length -= done;
    }
    return true;
}

static bool copy_out(const MemoryView *view, uint64_t address, uint64_t length, int fd,
                     GError **errp)
{
    g_autofree uint8_t *buffer = g_malloc(COPY_BYTES);
    while (length > 0) {
        /* pieces end at pages, so that the first bad address is the one named */
        size_t piece = MIN(length, COPY_BYTES - (address & (COPY_BYTES - 1)));
        if (!view_read(view, address, buffer, piece)) {
            error_set(errp, "there is no memory at, or shortly after, %#" G_GINT64_MODIFIER "x",
                      address);
            return false;
        }
        if (!write_all(fd, buffer, piece, errp)) {
            return false;
        }
        address += piece;
        length -= piece;
    }
    return true;
}

static bool save(const MemoryView *view, int64_t address, int64_t size, const char *path,
                 GError **errp)
{
    if (size <= 0) {
        error_set(errp, "parameter 'size' must be more than zero");
        return false;
    }
    int fd = fdset_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) {
        error_set_errno(errp, errno, "file '%s' cannot be opened", path);
        return false;
    }
    bool ok = copy_out(view, (uint64_t)address, (uint64_t)size, fd, errp);
    close(fd);
    return ok;
}

bool qmp_memsave(CommandContext *context, const QmpMemsaveArgs *args, GError **errp)
{
    int64_t index = args->has_cpu_index ? args->cpu_index : 0;
    if (index < 0 || index >= context->machine->cpus->len) {
        error_set(errp, "parameter 'cpu-index': there is no processor %" G_GINT64_FORMAT, index);
        return false;
    }
    MemoryView view = { context->machine, g_ptr_array_index(context->machine->cpus, index) };
    return save(&view, args->val, args->size, args->filename, errp);
}

bool qmp_pmemsave(CommandContext *context, const QmpPmemsaveArgs *args, GError **errp)
{
    MemoryView view = { context->machine, NULL };
    return save(&view, args->val, args->size, args->filename, errp);
}
