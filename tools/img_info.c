/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rhea-img: info, check, map, measure. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "block/info.h"
#include "tools/img.h"
#include "util/error.h"

#define OPTION_FORMAT                                                      \
    {                                                                      \
        'f', NULL, "FMT", "format of the image; without it, it is guessed" \
    }
#define OPTION_OUTPUT                                                 \
    {                                                                 \
        OPT_OUTPUT, "output", "human|json", "how to write the result" \
    }
#define OPTION_OPTS                                                                       \
    {                                                                                     \
        OPT_IMAGE_OPTS, "image-opts", NULL, "the operand is driver=...,file.filename=..." \
    }
#define OPTION_SHARE                                                          \
    {                                                                         \
        'U', "force-share", NULL, "whatever others do to the image meanwhile" \
    }

static char *human_size(uint64_t bytes)
{
    static const char units[] = "BKMGTPE";
    double value = bytes;
    unsigned unit = 0;
    while (value >= 1000 && unit < 6) {
        value /= 1024;
        unit++;
    }
    if (unit == 0) {
        return g_strdup_printf("%" PRIu64 " B", bytes);
    }
    return g_strdup_printf("%.3g %ciB", value, units[unit]);
}

static JsonArray *snapshots_to_json(BlockNode *node)
{
    const BlockDriver *driver = block_node_driver(node);
    g_autoptr(GArray) list = driver->snapshot ? driver->snapshot->list(node) : NULL;
    JsonArray *array = list && list->len ? json_array_new() : NULL;
    for (unsigned i = 0; array && i < list->len; i++) {
        const BlockSnapshot *s = &g_array_index(list, BlockSnapshot, i);
        JsonObject *item = json_object_new();
        if (s->instructions != UINT64_MAX) {
            json_object_set_int_member(item, "icount", s->instructions);
        }
        json_object_set_int_member(item, "vm-clock-nsec", s->clock_ns % 1000000000);
        json_object_set_string_member(item, "name", s->name);
        json_object_set_int_member(item, "date-sec", s->seconds);
        json_object_set_int_member(item, "date-nsec", s->nanoseconds);
        json_object_set_int_member(item, "vm-clock-sec", s->clock_ns / 1000000000);
        json_object_set_string_member(item, "id", s->id);
        json_object_set_int_member(item, "vm-state-size", s->vm_state_bytes);
        json_array_add_object_element(array, item);
    }
    return array;
}

static JsonObject *coroutine_fn info_to_json(BlockNode *node)
{
    const BlockDriver *driver = block_node_driver(node);
    JsonObject *object = json_object_new();
    BlockInfo info = { 0 };
    if (driver->info) {
        driver->info->get(node, &info);
    }
    JsonArray *snapshots = snapshots_to_json(node);
    if (snapshots) {
        json_object_set_array_member(object, "snapshots", snapshots);
    }
    if (info.backing_format) {
        json_object_set_string_member(object, "backing-filename-format", info.backing_format);
    }
    json_object_set_int_member(object, "virtual-size", node->size);
    json_object_set_string_member(object, "filename", node->filename);
    if (info.cluster_bytes) {
        json_object_set_int_member(object, "cluster-size", info.cluster_bytes);
    }
    json_object_set_string_member(object, "format", driver->name);
    int64_t allocated = block_allocated(node);
    if (allocated >= 0) {
        json_object_set_int_member(object, "actual-size", allocated);
    }
    if (driver->info) {
        JsonObject *specific = json_object_new(), *data = json_object_new();
        driver->info->specific(node, data);
        json_object_set_string_member(specific, "type", driver->name);
        json_object_set_object_member(specific, "data", data);
        json_object_set_object_member(object, "format-specific", specific);
    }
    if (info.backing_name) {
        g_autofree char *full = block_resolve(node->filename, info.backing_name);
        json_object_set_string_member(object, "full-backing-filename", full);
        json_object_set_string_member(object, "backing-filename", info.backing_name);
    }
    json_object_set_boolean_member(object, "dirty-flag", info.dirty);
    return object;
}

static void print_member(JsonObject *object, const char *name, JsonNode *value, void *opaque)
{
    g_autofree char *label = g_strdelimit(g_strdup(name), "-", ' ');
    if (JSON_NODE_HOLDS_VALUE(value)) {
        GType type = json_node_get_value_type(value);
        g_autofree char *text = type == G_TYPE_STRING ? g_strdup(json_node_get_string(value))
                                : type == G_TYPE_BOOLEAN
                                    ? g_strdup(json_node_get_boolean(value) ? "true" : "false")
                                    : g_strdup_printf("%" PRId64, json_node_get_int(value));
        printf("    %s: %s\n", label, text);
    } else if (JSON_NODE_HOLDS_ARRAY(value)) {
        JsonArray *array = json_node_get_array(value);
        printf("    %s:\n", label);
        for (unsigned i = 0; i < json_array_get_length(array); i++) {
            JsonObject *item = json_array_get_object_element(array, i);
            printf("        %s, granularity %" PRId64 "\n",
                   json_object_get_string_member(item, "name"),
                   json_object_get_int_member(item, "granularity"));
        }
    }
}

void img_print_snapshots(BlockNode *node)
{
    const BlockDriver *driver = block_node_driver(node);
    g_autoptr(GArray) list = driver->snapshot ? driver->snapshot->list(node) : NULL;
    if (!list || list->len == 0) {
        return;
    }
    printf("Snapshot list:\n%-10s%-17s%8s%20s%15s\n", "ID", "TAG", "VM SIZE", "DATE", "VM CLOCK");
    for (unsigned i = 0; i < list->len; i++) {
        const BlockSnapshot *s = &g_array_index(list, BlockSnapshot, i);
        time_t when = s->seconds;
        struct tm local;
        char date[32] = "";
        g_autofree char *size = human_size(s->vm_state_bytes);
        uint64_t seconds = s->clock_ns / 1000000000;
        g_autofree char *clock = g_strdup_printf(
            "%02" PRIu64 ":%02u:%02u.%03u", seconds / 3600, (unsigned)(seconds / 60 % 60),
            (unsigned)(seconds % 60), (unsigned)(s->clock_ns / 1000000 % 1000));
        if (localtime_r(&when, &local)) {
            strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &local);
        }
        printf("%-9s %-16s %8s%20s%15s\n", s->id, s->name, size, date, clock);
    }
}

static void coroutine_fn print_info(BlockNode *node)
{
    const BlockDriver *driver = block_node_driver(node);
    BlockInfo info = { 0 };
    g_autofree char *size = human_size(node->size);
    int64_t allocated = block_allocated(node);
    g_autofree char *disk = human_size(MAX(allocated, 0));
    printf("image: %s\nfile format: %s\nvirtual size: %s (%" PRIu64 " bytes)\ndisk size: %s\n",
           node->filename, driver->name, size, node->size, disk);
    if (driver->info) {
        driver->info->get(node, &info);
    }
    if (info.cluster_bytes) {
        printf("cluster_size: %u\n", info.cluster_bytes);
    }
    if (info.dirty) {
        printf("cleanly shut down: no\n");
    }
    if (info.backing_name) {
        g_autofree char *full = block_resolve(node->filename, info.backing_name);
        printf("backing file: %s", info.backing_name);
        printf(strcmp(full, info.backing_name) ? " (actual path: %s)\n" : "\n", full);
    }
    if (info.backing_format) {
        printf("backing file format: %s\n", info.backing_format);
    }
    img_print_snapshots(node);
    if (driver->info) {
        JsonObject *data = json_object_new();
        driver->info->specific(node, data);
        printf("Format specific information:\n");
        json_object_foreach_member(data, print_member, NULL);
        json_object_unref(data);
    }
}

static const ImgOption info_options[] = {
    OPTION_FORMAT,
    OPTION_OUTPUT,
    { OPT_BACKING_CHAIN, "backing-chain", NULL, "the images that it stands on, too" },
    OPTION_OPTS,
    OPTION_SHARE,
    {},
};

static int coroutine_fn run_info(const ImgArgs *args, GError **errp)
{
    bool ok, json = img_json(args, &ok, errp), chain = img_given(args, OPT_BACKING_CHAIN);
    if (!ok) {
        return 1;
    }
    /* To show an image disturbs nobody, so no lock is needed. */
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_FORCE_SHARE | BLOCK_OPEN_REPAIRING };
    how.flags |= chain ? 0 : BLOCK_OPEN_HEADER_ONLY;
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    JsonArray *list = json_array_new();
    bool first = true;
    for (BlockChild *edge = image; edge; edge = chain ? edge->node->backing : NULL) {
        if (json) {
            json_array_add_object_element(list, info_to_json(edge->node));
            continue;
        }
        printf("%s", first ? "" : "\n");
        print_info(edge->node);
        first = false;
    }
    if (json) {
        JsonNode *root = json_node_new(JSON_NODE_ARRAY);
        if (chain) {
            json_node_set_array(root, list);
        } else {
            json_node_init_object(root, json_array_get_object_element(list, 0));
        }
        img_print_json(root);
    }
    json_array_unref(list);
    block_child_detach(image);
    return 0;
}

const ImgCommand img_info = {
    .name = "info",
    .operands = "FILE",
    .summary = "show what an image is",
    .options = info_options,
    .least = 1,
    .most = 1,
    .run = run_info,
};

static void print_problem(const char *line, void *opaque)
{
    if (!*(bool *)opaque) {
        printf("%s\n", line);
    }
}

static void set_count(JsonObject *object, const char *name, uint64_t count)
{
    if (count) {
        json_object_set_int_member(object, name, count);
    }
}

static void check_to_json(const BlockCheck *check, BlockNode *node)
{
    JsonObject *object = json_object_new();
    set_count(object, "image-end-offset", check->image_end);
    set_count(object, "total-clusters", check->total_clusters);
    json_object_set_int_member(object, "check-errors", check->errors);
    set_count(object, "allocated-clusters", check->allocated_clusters);
    set_count(object, "fragmented-clusters", check->fragmented_clusters);
    set_count(object, "compressed-clusters", check->compressed_clusters);
    set_count(object, "corruptions", check->corruptions);
    set_count(object, "leaks", check->leaks);
    set_count(object, "corruptions-fixed", check->corruptions_fixed);
    set_count(object, "leaks-fixed", check->leaks_fixed);
    json_object_set_string_member(object, "filename", node->filename);
    json_object_set_string_member(object, "format", block_node_driver(node)->name);
    JsonNode *root = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(root, object);
    img_print_json(root);
}

static void print_check(const BlockCheck *check)
{
    if (check->leaks_fixed || check->corruptions_fixed) {
        printf("Repaired: %" PRIu64 " leaked clusters, %" PRIu64 " errors.\n", check->leaks_fixed,
               check->corruptions_fixed);
    }
    if (check->corruptions) {
        printf("%" PRIu64 " errors were found on the image: data may be damaged.\n",
               check->corruptions);
    }
    if (check->leaks) {
        printf("%" PRIu64 " leaked clusters were found: space is wasted, data are safe.\n",
               check->leaks);
    }
    if (check->errors) {
        printf("%" PRIu64 " parts could not be checked.\n", check->errors);
    }
    if (!check->corruptions && !check->leaks && !check->errors) {
        printf("No errors were found on the image.\n");
    }
    if (check->total_clusters) {
        printf("%" PRIu64 "/%" PRIu64 " = %.2f%% allocated, %.2f%% fragmented, %.2f%% compressed "
               "clusters\n",
               check->allocated_clusters, check->total_clusters,
               check->allocated_clusters * 100.0 / check->total_clusters,
               check->fragmented_clusters * 100.0 / MAX(check->allocated_clusters, 1),
               check->compressed_clusters * 100.0 / MAX(check->allocated_clusters, 1));
    }
    if (check->image_end) {
        printf("Image end offset: %" PRIu64 "\n", check->image_end);
    }
}

static const ImgOption check_options[] = {
    OPTION_FORMAT,
    OPTION_OUTPUT,
    { 'r', "repair", "leaks|all", "repair what is wasted, or all that is wrong" },
    { 'q', NULL, NULL, "print errors only" },
    { 'T', NULL, "CACHE", "cache mode: none, writeback, unsafe" },
    OPTION_OPTS,
    OPTION_SHARE,
    {},
};

static int coroutine_fn run_check(const ImgArgs *args, GError **errp)
{
    bool ok, json = img_json(args, &ok, errp), quiet = json || img_given(args, 'q');
    const char *repair_name = img_value(args, 'r');
    BlockRepair repair = !repair_name                      ? BLOCK_REPAIR_NONE
                         : strcmp(repair_name, "all") == 0 ? BLOCK_REPAIR_ALL
                                                           : BLOCK_REPAIR_LEAKS;
    if (ok && repair == BLOCK_REPAIR_LEAKS && strcmp(repair_name, "leaks") != 0) {
        error_set(errp, "-r %s: there are leaks and all", repair_name);
        ok = false;
    }
    if (!ok) {
        return 1;
    }
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .cache = img_value(args, 'T'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_REPAIRING | BLOCK_OPEN_NO_BACKING };
    how.flags |= repair != BLOCK_REPAIR_NONE ? BLOCK_OPEN_WRITABLE : 0;
    how.flags |= img_given(args, 'U') ? BLOCK_OPEN_FORCE_SHARE : 0;
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    const BlockDriver *driver = block_node_driver(image->node);
    BlockCheck check = { .report = print_problem, .opaque = &quiet };
    int status = 1;
    if (!driver->check) {
        error_set(errp, "'%s': images of format %s cannot be checked", image->node->filename,
                  driver->name);
        status = 63;
    } else if (driver->check->check(image->node, repair, &check, errp)) {
        if (json) {
            check_to_json(&check, image->node);
        } else if (!quiet) {
            print_check(&check);
        }
        status = check.corruptions ? 2 : check.leaks ? 3 : check.errors ? 1 : 0;
    }
    block_child_detach(image);
    return status;
}

const ImgCommand img_check = {
    .name = "check",
    .operands = "FILE",
    .summary = "look for damage in an image, and repair it",
    .options = check_options,
    .least = 1,
    .most = 1,
    .run = run_check,
};

typedef struct {
    uint64_t start;
    BlockStatus status;
} MapEntry;

static void print_map_entry(const MapEntry *entry, BlockNode *top, bool json, bool first)
{
    const BlockStatus *s = &entry->status;
    bool zero = s->flags & BLOCK_STATUS_ZERO, data = s->flags & BLOCK_STATUS_DATA;
    if (json) {
        printf("%s{ \"start\": %" PRIu64 ", \"length\": %" PRIu64
               ", \"depth\": %u, \"present\": %s, "
               "\"zero\": %s, \"data\": %s",
               first ? "[" : ",\n", entry->start, s->bytes, s->depth,
               s->flags & BLOCK_STATUS_ALLOCATED ? "true" : "false", zero ? "true" : "false",
               data ? "true" : "false");
        if (s->flags & BLOCK_STATUS_OFFSET) {
            printf(", \"offset\": %" PRIu64, s->host_offset);
        }
        printf("}");
    } else if (data && !zero && (s->flags & BLOCK_STATUS_OFFSET)) {
        printf("%#-16" PRIx64 "%#-16" PRIx64 "%#-16" PRIx64 "%s\n", entry->start, s->bytes,
               s->host_offset, s->file->filename);
    }
}

static bool continues(const MapEntry *entry, uint64_t at, const BlockStatus *next)
{
    const BlockStatus *s = &entry->status;
    return s->bytes > 0 && entry->start + s->bytes == at && s->flags == next->flags &&
           s->depth == next->depth && s->file == next->file &&
           (!(s->flags & BLOCK_STATUS_OFFSET) || s->host_offset + s->bytes == next->host_offset);
}

static int coroutine_fn print_map(BlockChild *image, uint64_t at, uint64_t end, bool json,
                                  GError **errp)
{
    MapEntry entry = { 0 };
    bool first = true;
    if (!json) {
        printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to", "File");
    }
    while (at < end) {
        BlockStatus status;
        int result = block_status_above(image, NULL, at, end - at, &status);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be read", image->node->filename);
            return 1;
        }
        if (continues(&entry, at, &status)) {
            entry.status.bytes += status.bytes;
        } else {
            if (entry.status.bytes) {
                print_map_entry(&entry, image->node, json, first);
                first = false;
            }
            entry = (MapEntry){ at, status };
        }
        at += status.bytes;
    }
    if (entry.status.bytes) {
        print_map_entry(&entry, image->node, json, first);
        first = false;
    }
    if (json) {
        printf("%s]\n", first ? "[" : "");
    }
    return 0;
}

static const ImgOption map_options[] = {
    OPTION_FORMAT,
    OPTION_OUTPUT,
    { 's', "start-offset", "BYTES", "where to begin" },
    { 'l', "max-length", "BYTES", "how much to show" },
    OPTION_OPTS,
    OPTION_SHARE,
    {},
};

static int coroutine_fn run_map(const ImgArgs *args, GError **errp)
{
    bool ok, json = img_json(args, &ok, errp);
    uint64_t start = 0, length = INT64_MAX;
    if (!ok || !img_size(args, 's', &start, errp) || !img_size(args, 'l', &length, errp)) {
        return 1;
    }
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_FORCE_SHARE };
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    uint64_t size = image->node->size, end = start + MIN(length, size - MIN(start, size));
    int status = print_map(image, start, end, json, errp);
    block_child_detach(image);
    return status;
}

const ImgCommand img_map = {
    .name = "map",
    .operands = "FILE",
    .summary = "show which parts of an image hold data, and where",
    .options = map_options,
    .least = 1,
    .most = 1,
    .run = run_map,
};

static const ImgOption measure_options[] = {
    OPTION_FORMAT,
    { 'O', NULL, "FMT", "format to measure for (raw)" },
    { 'o', NULL, "OPTIONS", "options of that format, as for create" },
    { OPT_SIZE, "size", "BYTES", "measure a new image of this size" },
    OPTION_OUTPUT,
    OPTION_OPTS,
    OPTION_SHARE,
    {},
};

static int coroutine_fn measure(const ImgArgs *args, BlockChild *source, uint64_t size, bool json,
                                GError **errp)
{
    const char *format = img_value(args, 'O');
    const BlockDriver *driver = block_driver_find(format ? format : "raw", errp);
    bool help;
    Object *options = driver ? img_create_options(driver, args, &help, errp) : NULL;
    BlockMeasure result;
    if (!options) {
        return 1;
    }
    bool done = help || (driver->measure && driver->measure(options, source, size, &result, errp));
    object_unref(options);
    if (!done && errp && !*errp) {
        error_set(errp, "format %s cannot be measured", driver->name);
    }
    if (!done || help) {
        return !done;
    }
    if (json) {
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "required", result.required);
        json_object_set_int_member(object, "fully-allocated", result.fully_allocated);
        JsonNode *root = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(root, object);
        img_print_json(root);
    } else {
        printf("required size: %" PRIu64 "\nfully allocated size: %" PRIu64 "\n", result.required,
               result.fully_allocated);
    }
    return 0;
}

static int coroutine_fn run_measure(const ImgArgs *args, GError **errp)
{
    bool ok, json = img_json(args, &ok, errp);
    uint64_t size = 0;
    if (ok && img_given(args, OPT_SIZE) == (args->count == 1)) {
        error_set(errp, "measure needs either --size or a file");
        ok = false;
    }
    if (!ok || !img_size(args, OPT_SIZE, &size, errp)) {
        return 1;
    }
    if (args->count == 0) {
        return measure(args, NULL, size, json, errp);
    }
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = img_given(args, 'U') ? BLOCK_OPEN_FORCE_SHARE : 0 };
    BlockChild *source = img_open(&how, errp);
    if (!source) {
        return 1;
    }
    int status = measure(args, source, source->node->size, json, errp);
    block_child_detach(source);
    return status;
}

const ImgCommand img_measure = {
    .name = "measure",
    .operands = "[FILE]",
    .summary = "say how large a file a converted image needs",
    .options = measure_options,
    .least = 0,
    .most = 1,
    .run = run_measure,
};
