/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved machine is a head (magic, class of the machine) and sections in the order of the tree:
 * "clock"; one for each level of a device's class that has a state table, named by path and class;
 * pieces of each memory region, named by its path. The section "end" ends it.
 */
#include "hw/core/machine_state.h"

#include <string.h>

#include "memory/ram.h"
#include "util/error.h"

enum { PIECE_BYTES = 1 << 20, STATE_VERSION = 1 };

static const char magic[8] = "RheaVM\n";

typedef struct {
    char *name;
    const VmState *state; /* NULL: memory */
    void *opaque;
    RamBlock *block;
} Part;

typedef struct {
    int64_t virtual_ns;
} ClockState;

static const VmState clock_vmstate = {
    .name = "clock",
    .version = 1,
    .fields = (const VmField[]){ VM_I64(ClockState, virtual_ns), {} },
};

static void part_clear(gpointer data)
{
    g_free(((Part *)data)->name);
}

/* Ancestors' tables come first. */
static void add_device_parts(GArray *parts, Object *obj, const ObjectClass *class)
{
    const VmState *state = ((const DeviceClass *)class)->vmstate;

    if (class != &device_class.object) {
        add_device_parts(parts, obj, class->parent);
    }
    if (state) {
        g_autofree char *path = object_path(obj);
        Part part = { .state = state, .opaque = obj };
        part.name = g_strdup_printf("%s:%s", path, state->name ? state->name : class->name);
        g_array_append_val(parts, part);
    }
}

static void collect_devices(GArray *parts, Object *obj)
{
    Device *dev = object_cast(obj, &device_class.object);

    if (dev && dev->realized) {
        add_device_parts(parts, obj, obj->class);
    }
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        collect_devices(parts, g_ptr_array_index(obj->children, i));
    }
}

static void collect_memory(GArray *parts, Object *obj)
{
    MemoryRegion *mr = object_cast(obj, &memory_region_class);

    if (mr && mr->ram) {
        Part part = { .name = object_path(obj), .block = mr->ram };
        g_array_append_val(parts, part);
    }
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        collect_memory(parts, g_ptr_array_index(obj->children, i));
    }
}

static GArray *collect_parts(Machine *machine)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(Part));

    g_array_set_clear_func(parts, part_clear);
    collect_devices(parts, &machine->object);
    collect_memory(parts, &machine->object);
    return parts;
}

static bool is_zero(const uint8_t *data, size_t length)
{
    return data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

/* Pieces are aligned; those of zeros are left out. A piece is its offset (64 bits) and its bytes.
 */
static bool save_block(const Part *part, const VmSink *sink, GByteArray *data, GError **errp)
{
    const uint8_t *host = ram_block_host(part->block);
    uint64_t size = ram_block_size(part->block);

    for (uint64_t at = 0; at < size; at += PIECE_BYTES) {
        uint64_t length = MIN(size - at, PIECE_BYTES), little = GUINT64_TO_LE(at);
        if (is_zero(host + at, length)) {
            continue;
        }
        g_byte_array_set_size(data, 0);
        g_byte_array_append(data, (const guint8 *)&little, sizeof(little));
        g_byte_array_append(data, host + at, (guint)length);
        if (!vm_section_write(sink, part->name, data, errp)) {
            return false;
        }
    }
    return true;
}

static bool save_part(const Part *part, const VmSink *sink, GByteArray *data, GError **errp)
{
    if (part->block) {
        return save_block(part, sink, data, errp);
    }
    g_byte_array_set_size(data, 0);
    return vmstate_save(part->state, part->name, part->opaque, data, errp) &&
           vm_section_write(sink, part->name, data, errp);
}

bool machine_save(Machine *machine, const VmSink *sink, GError **errp)
{
    g_autoptr(GArray) parts = collect_parts(machine);
    g_autoptr(GByteArray) data = g_byte_array_new();
    ClockState clock = { .virtual_ns = clock_ns(machine->clocks, CLOCK_KIND_VIRTUAL) };
    Part clock_part = { .name = (char *)"clock", .state = &clock_vmstate, .opaque = &clock };
    uint32_t version = GUINT32_TO_LE(STATE_VERSION);

    g_byte_array_append(data, (const guint8 *)&version, sizeof(version));
    if (!sink->write(sink->opaque, magic, sizeof(magic), errp) ||
        !vm_section_write(sink, machine->object.class->name, data, errp) ||
        !save_part(&clock_part, sink, data, errp)) {
        return false;
    }
    for (guint i = 0; i < parts->len; i++) {
        if (!save_part(&g_array_index(parts, Part, i), sink, data, errp)) {
            return false;
        }
    }
    g_byte_array_set_size(data, 0);
    return vm_section_write(sink, "end", data, errp);
}

static bool load_head(Machine *machine, const VmSource *source, VmSection *section, GError **errp)
{
    const char *class_name = machine->object.class->name;
    char head[sizeof(magic)];
    uint32_t version;

    if (!source->read(source->opaque, head, sizeof(head), errp)) {
        return false;
    }
    if (memcmp(head, magic, sizeof(magic)) != 0) {
        error_set(errp, "saved state: it is not the state of a machine");
        return false;
    }
    if (!vm_section_read(source, section, errp)) {
        return false;
    }
    if (!g_str_equal(section->name, class_name)) {
        error_set(errp, "saved state: it is of a machine '%s', this one is a '%s'", section->name,
                  class_name);
        return false;
    }
    if (section->data->len != sizeof(version)) {
        error_set(errp, "saved state: the head is damaged");
        return false;
    }
    memcpy(&version, section->data->data, sizeof(version));
    if (GUINT32_FROM_LE(version) != STATE_VERSION) {
        error_set(errp, "saved state: it has version %u; this program reads %u",
                  GUINT32_FROM_LE(version), STATE_VERSION);
        return false;
    }
    return true;
}

/* Memory that the stream does not mention is zero; pages that are zero already are left untouched.
 */
static void clear_memory(RamBlock *block, uint64_t from, uint64_t to)
{
    uint8_t *host = ram_block_host(block);

    for (uint64_t at = from; at < to; at += RAM_PAGE_BYTES) {
        if (!is_zero(host + at, RAM_PAGE_BYTES)) {
            memset(host + at, 0, RAM_PAGE_BYTES);
        }
    }
}

/* Eats the pieces of @part; afterwards @section is the first that belongs to something else. */
static bool load_block(const Part *part, const VmSource *source, VmSection *section, GError **errp)
{
    uint64_t size = ram_block_size(part->block), done = 0;

    while (g_str_equal(section->name, part->name)) {
        uint64_t at = UINT64_MAX;
        if (section->data->len >= sizeof(at)) {
            memcpy(&at, section->data->data, sizeof(at));
            at = GUINT64_FROM_LE(at);
        }
        if (at % PIECE_BYTES || at < done || at >= size ||
            section->data->len - sizeof(at) != MIN(size - at, PIECE_BYTES)) {
            error_set(errp, "saved state: section '%s': a piece does not fit into the memory",
                      part->name);
            return false;
        }
        clear_memory(part->block, done, at);
        done = at + (section->data->len - sizeof(at));
        memcpy(ram_block_host(part->block) + at, section->data->data + sizeof(at), done - at);
        if (!vm_section_read(source, section, errp)) {
            return false;
        }
    }
    clear_memory(part->block, done, size);
    ram_written(part->block, 0, size);
    return true;
}

static bool load_part(const Part *part, const VmSource *source, VmSection *section, GError **errp)
{
    if (part->block) {
        return load_block(part, source, section, errp);
    }
    if (!g_str_equal(section->name, part->name)) {
        error_set(errp, "saved state: section '%s' stands in the place of '%s'", section->name,
                  part->name);
        return false;
    }
    return vmstate_load(part->state, part->name, part->opaque, section->data->data,
                        section->data->len, errp) &&
           vm_section_read(source, section, errp);
}

static bool load_clock(Machine *machine, const VmSource *source, VmSection *section, GError **errp)
{
    ClockState clock = { 0 };
    Part part = { .name = (char *)"clock", .state = &clock_vmstate, .opaque = &clock };

    if (!vm_section_read(source, section, errp) || !load_part(&part, source, section, errp)) {
        return false;
    }
    if (clock.virtual_ns < 0) {
        error_set(errp, "saved state: section 'clock', field 'virtual_ns': the time is negative");
        return false;
    }
    clock_set_virtual_ns(machine->clocks, clock.virtual_ns);
    return true;
}

bool machine_load(Machine *machine, const VmSource *source, GError **errp)
{
    g_autoptr(GArray) parts = collect_parts(machine);
    g_autoptr(GByteArray) data = g_byte_array_new();
    VmSection section = { .data = data };

    if (!load_head(machine, source, &section, errp) ||
        !load_clock(machine, source, &section, errp)) {
        return false;
    }
    for (guint i = 0; i < parts->len; i++) {
        if (!load_part(&g_array_index(parts, Part, i), source, &section, errp)) {
            return false;
        }
    }
    if (!g_str_equal(section.name, "end")) {
        error_set(errp, "saved state: section '%s' belongs to nothing in this machine",
                  section.name);
        return false;
    }
    return true;
}

char *machine_state_hash(Machine *machine, GError **errp)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    VmSink sink = vm_sink_checksum(sum);

    return machine_save(machine, &sink, errp) ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

/* The section that holds the first byte in which @a and @b differ. */
static char *section_that_differs(const GByteArray *a, const GByteArray *b)
{
    VmBytes a_bytes = { a->data, a->len }, b_bytes = { b->data, b->len };
    VmSource a_source = vm_source_bytes(&a_bytes), b_source = vm_source_bytes(&b_bytes);
    VmSection x = { .data = g_byte_array_new() }, y = { .data = g_byte_array_new() };
    char *name = NULL;

    a_bytes.at += sizeof(magic), a_bytes.left -= sizeof(magic);
    b_bytes.at += sizeof(magic), b_bytes.left -= sizeof(magic);
    while (!name && vm_section_read(&a_source, &x, NULL) && vm_section_read(&b_source, &y, NULL)) {
        if (!g_str_equal(x.name, y.name) || x.data->len != y.data->len ||
            memcmp(x.data->data, y.data->data, x.data->len) != 0) {
            name = g_strdup(x.name);
        }
    }
    g_byte_array_unref(x.data);
    g_byte_array_unref(y.data);
    return name ? name : g_strdup("end");
}

bool machine_check_state(Machine *machine, GError **errp)
{
    g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
    VmSink first_sink = vm_sink_bytes(first), second_sink = vm_sink_bytes(second);

    if (!machine_save(machine, &first_sink, errp)) {
        return false;
    }
    VmBytes bytes = { first->data, first->len };
    VmSource source = vm_source_bytes(&bytes);
    if (!machine_load(machine, &source, errp) || !machine_save(machine, &second_sink, errp)) {
        return false;
    }
    if (first->len == second->len && memcmp(first->data, second->data, first->len) == 0) {
        return true;
    }
    g_autofree char *name = section_that_differs(first, second);
    error_set(errp, "section '%s' differs after save, load, save", name);
    return false;
}
