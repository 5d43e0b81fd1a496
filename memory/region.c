/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions: their making and their tree. Each change is rendered when the outermost transaction
 * ends. */
#include "memory/memory.h"

#include "memory/ram.h"
#include "memory/region_internal.h"

/* Guarded by the machine lock (and used before there are threads). */
static unsigned transaction_depth;
static bool transaction_pending;

static void region_detach(MemoryRegion *mr);

static void memory_region_finalize(Object *obj)
{
    MemoryRegion *mr = container_of(obj, MemoryRegion, object);

    memory_transaction_begin();
    if (mr->container) {
        region_detach(mr);
    }
    while (mr->subregions && mr->subregions->len > 0) {
        region_detach(g_ptr_array_index(mr->subregions, 0));
    }
    memory_transaction_commit();
    g_clear_pointer(&mr->subregions, g_ptr_array_unref);
    if (mr->ram_owned) {
        ram_block_free(mr->ram);
    }
    g_clear_pointer(&mr->label, g_free);
}

const ObjectClass memory_region_class = {
    .name = "memory-region",
    .instance_size = sizeof(MemoryRegion),
    .finalize = memory_region_finalize,
};
CLASS_REGISTER(memory_region_class);

static void region_init(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                        MemoryKind kind)
{
    g_assert(size > 0);
    *mr = (MemoryRegion){ .kind = kind, .size = size, .enabled = true, .romd = true };
    mr->label = g_strdup(name);
    if (owner) {
        g_autofree char *child_name = g_strdup_printf("%s[*]", name);
        g_strdelimit(child_name, "/", '-');
        object_init_child(owner, child_name, &mr->object, &memory_region_class);
    } else {
        object_init(&mr->object, &memory_region_class);
    }
}

void memory_region_init(MemoryRegion *mr, Object *owner, const char *name, uint64_t size)
{
    region_init(mr, owner, name, size, MEMORY_KIND_CONTAINER);
}

static void check_ops(const MemoryOps *ops)
{
    unsigned sizes[] = { ops->min_access, ops->max_access, ops->impl_min, ops->impl_max };

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_assert(sizes[i] <= 8 && (sizes[i] & (sizes[i] - 1)) == 0);
    }
}

void memory_region_init_io(MemoryRegion *mr, Object *owner, const MemoryOps *ops, void *opaque,
                           const char *name, uint64_t size)
{
    check_ops(ops);
    region_init(mr, owner, name, size, MEMORY_KIND_IO);
    mr->ops = ops;
    mr->opaque = opaque;
}

static bool region_init_memory(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                               MemoryKind kind, GError **errp)
{
    RamBlock *block = ram_block_new(name, size, errp);

    if (!block) {
        return false;
    }
    region_init(mr, owner, name, size, kind);
    mr->ram = block;
    mr->ram_owned = true;
    return true;
}

bool memory_region_init_ram(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                            GError **errp)
{
    return region_init_memory(mr, owner, name, size, MEMORY_KIND_RAM, errp);
}

void memory_region_init_ram_block(MemoryRegion *mr, Object *owner, const char *name,
                                  RamBlock *block)
{
    region_init(mr, owner, name, ram_block_size(block), MEMORY_KIND_RAM);
    mr->ram = block;
}

bool memory_region_init_rom(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                            GError **errp)
{
    return region_init_memory(mr, owner, name, size, MEMORY_KIND_ROM, errp);
}

bool memory_region_init_rom_device(MemoryRegion *mr, Object *owner, const MemoryOps *ops,
                                   void *opaque, const char *name, uint64_t size, GError **errp)
{
    check_ops(ops);
    if (!region_init_memory(mr, owner, name, size, MEMORY_KIND_ROM_DEVICE, errp)) {
        return false;
    }
    mr->ops = ops;
    mr->opaque = opaque;
    return true;
}

void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name, MemoryRegion *of,
                              hwaddr offset, uint64_t size)
{
    region_init(mr, owner, name, size, MEMORY_KIND_ALIAS);
    mr->alias = of;
    mr->alias_offset = offset;
}

void memory_region_init_iommu(MemoryRegion *mr, Object *owner, const IommuOps *ops, void *opaque,
                              const char *name, uint64_t size)
{
    region_init(mr, owner, name, size, MEMORY_KIND_IOMMU);
    mr->iommu = ops;
    mr->opaque = opaque;
}

void memory_transaction_begin(void)
{
    transaction_depth++;
}

void memory_transaction_commit(void)
{
    g_assert(transaction_depth > 0);
    if (--transaction_depth == 0 && transaction_pending) {
        transaction_pending = false;
        address_spaces_update();
    }
}

/* Inside a transaction. */
static void region_attach(MemoryRegion *container, hwaddr address, MemoryRegion *sub, int priority)
{
    guint at = 0;

    g_assert(!sub->container);
    if (!container->subregions) {
        container->subregions = g_ptr_array_new();
    }
    /* Of equal priority the newest wins. */
    while (at < container->subregions->len &&
           ((MemoryRegion *)g_ptr_array_index(container->subregions, at))->priority > priority) {
        at++;
    }
    g_ptr_array_insert(container->subregions, (int)at, sub);
    sub->container = container;
    sub->address = address;
    sub->priority = priority;
    transaction_pending |= sub->enabled && container->enabled;
}

static void region_detach(MemoryRegion *mr)
{
    bool present = g_ptr_array_remove(mr->container->subregions, mr);

    g_assert(present);
    transaction_pending |= mr->enabled && mr->container->enabled;
    mr->container = NULL;
}

void memory_region_add_overlap(MemoryRegion *container, hwaddr address, MemoryRegion *sub,
                               int priority)
{
    memory_transaction_begin();
    region_attach(container, address, sub, priority);
    memory_transaction_commit();
}

void memory_region_add(MemoryRegion *container, hwaddr address, MemoryRegion *sub)
{
    memory_region_add_overlap(container, address, sub, 0);
}

void memory_region_remove(MemoryRegion *container, MemoryRegion *sub)
{
    g_assert(sub->container == container);
    memory_transaction_begin();
    region_detach(sub);
    memory_transaction_commit();
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        memory_transaction_begin();
        mr->enabled = enabled;
        transaction_pending = true;
        memory_transaction_commit();
    }
}

void memory_region_set_address(MemoryRegion *mr, hwaddr address)
{
    MemoryRegion *container = mr->container;

    if (!container || mr->address == address) {
        mr->address = address;
        return;
    }
    memory_transaction_begin();
    region_detach(mr);
    region_attach(container, address, mr, mr->priority);
    memory_transaction_commit();
}

void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset)
{
    g_assert(mr->kind == MEMORY_KIND_ALIAS);
    if (mr->alias_offset != offset) {
        memory_transaction_begin();
        mr->alias_offset = offset;
        transaction_pending = true;
        memory_transaction_commit();
    }
}

void memory_region_set_romd(MemoryRegion *mr, bool romd)
{
    g_assert(mr->kind == MEMORY_KIND_ROM_DEVICE);
    if (mr->romd != romd) {
        memory_transaction_begin();
        mr->romd = romd;
        transaction_pending = true;
        memory_transaction_commit();
    }
}

void memory_region_set_readonly(MemoryRegion *mr, bool readonly)
{
    if (mr->readonly != readonly) {
        memory_transaction_begin();
        mr->readonly = readonly;
        transaction_pending = true;
        memory_transaction_commit();
    }
}

RamBlock *memory_region_ram_block(MemoryRegion *mr)
{
    while (mr->kind == MEMORY_KIND_ALIAS) {
        mr = mr->alias;
    }
    return mr->ram;
}

void *memory_region_ram_pointer(MemoryRegion *mr)
{
    hwaddr offset = 0;

    for (; mr->kind == MEMORY_KIND_ALIAS; mr = mr->alias) {
        offset += mr->alias_offset;
    }
    g_assert(mr->ram && offset < mr->size);
    return ram_block_host(mr->ram) + offset;
}

void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t length)
{
    for (; mr->kind == MEMORY_KIND_ALIAS; mr = mr->alias) {
        offset += mr->alias_offset;
    }
    g_assert(mr->ram);
    ram_written(mr->ram, offset, length);
}

void memory_region_set_dirty_logging(MemoryRegion *mr, DirtyClient client, bool on)
{
    uint8_t bit = (uint8_t)(1u << client);

    g_assert(mr->ram);
    if (on == !!(mr->dirty_clients & bit)) {
        return;
    }
    memory_transaction_begin();
    mr->dirty_clients ^= bit;
    transaction_pending = true;
    ram_set_dirty_logging(mr->ram, client, on);
    memory_transaction_commit();
}

void memory_region_iommu_notify(MemoryRegion *mr, hwaddr address, uint64_t length)
{
    g_assert(mr->kind == MEMORY_KIND_IOMMU);
    address_spaces_iommu_changed(mr, address, length);
}
