/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What could be typed next. A row says what its arguments are, a letter each: c command, t topic of
 * info, p object path, P property of the object before, d device id, o id of an -object, C chardev,
 * l log items, T trace point, k keys, D class of a device, O class of an object.
 */
#include <string.h>

#include "hw/core/device.h"
#include "monitor/human_internal.h"
#include "qom/user_object.h"
#include "ui/input.h"
#include "util/log.h"

typedef struct {
    const CommandContext *context;
    const char *word;   /* to be completed */
    const char *before; /* the word in front of it; NULL */
    GPtrArray *found;
} Completion;

static void offer(Completion *completion, const char *text)
{
    if (g_str_has_prefix(text, completion->word)) {
        g_ptr_array_add(completion->found, g_strdup(text));
    }
}

static void offer_rows(Completion *completion, const HumanCommand *table)
{
    for (const HumanCommand *row = table; row->name; row++) {
        offer(completion, row->name);
    }
}

static void offer_children(Completion *completion, Object *obj)
{
    for (guint i = 0; obj && obj->children && i < obj->children->len; i++) {
        offer(completion, ((Object *)g_ptr_array_index(obj->children, i))->name);
    }
}

/* Objects below the last "/" of what was typed. */
static void offer_paths(Completion *completion)
{
    const char *slash = strrchr(completion->word, '/');
    g_autofree char *folder =
        slash ? g_strndup(completion->word, slash + 1 - completion->word) : g_strdup("/");
    Object *obj = strcmp(folder, "/") == 0
                      ? completion->context->root
                      : object_resolve(completion->context->root, folder, NULL);
    for (guint i = 0; obj && obj->children && i < obj->children->len; i++) {
        const Object *child = g_ptr_array_index(obj->children, i);
        g_autofree char *path = g_strconcat(folder, child->name, child->children ? "/" : "", NULL);
        offer(completion, path);
    }
}

static void offer_property(const Property *property, void *opaque)
{
    offer(opaque, property->name);
}

static void offer_properties(Completion *completion)
{
    Object *obj = completion->before && *completion->before
                      ? object_resolve(completion->context->root, completion->before, NULL)
                      : NULL;
    if (obj) {
        property_foreach(obj->class, offer_property, completion);
    }
}

static void offer_log_items(Completion *completion)
{
    g_autofree char *help = log_help();
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *name = g_strndup(*line, strcspn(*line, " "));
        if (*name && (*line)[strlen(name)] == ' ') {
            offer(completion, name);
        }
    }
}

static void offer_trace(const TracePoint *point, void *opaque)
{
    offer(opaque, point->name);
}

/* The last of "ctrl-alt-de". */
static void offer_key(const char *name, void *opaque)
{
    Completion *completion = opaque;
    const char *dash = strrchr(completion->word, '-');
    g_autofree char *before =
        dash ? g_strndup(completion->word, dash + 1 - completion->word) : g_strdup("");
    g_autofree char *whole = g_strconcat(before, name, NULL);
    offer(completion, whole);
}

static void offer_class(const ObjectClass *class, void *opaque)
{
    if (!class->abstract) {
        offer(opaque, class->name);
    }
}

static void offer_device(const ObjectClass *class, void *opaque)
{
    if (((const DeviceClass *)class)->user_creatable) {
        offer_class(class, opaque);
    }
}

static void offer_kind(Completion *completion, char kind)
{
    Object *root = completion->context->root;
    switch (kind) {
    case 'c': offer_rows(completion, human_commands); break;
    case 't': offer_rows(completion, human_topics); break;
    case 'p': offer_paths(completion); break;
    case 'P': offer_properties(completion); break;
    case 'd': offer_children(completion, object_resolve(root, "/machine/peripheral", NULL)); break;
    case 'o': offer_children(completion, object_child(root, "objects")); break;
    case 'k': input_key_foreach(offer_key, completion); break;
    case 'D': object_class_foreach(&device_class.object, offer_device, completion); break;
    case 'O': object_class_foreach(&user_object_class.object, offer_class, completion); break;
    case 'C': offer_children(completion, object_child(root, "chardevs")); break;
    case 'l': offer_log_items(completion); break;
    case 'T': log_trace_foreach("*", offer_trace, completion); break;
    default: break;
    }
}

/* Which letter the word after @words has. */
static char kind_of(char **words, guint count)
{
    const HumanCommand *row = human_find(human_commands, "", words[0], NULL);
    guint argument = count - 1;
    if (row && strcmp(row->name, "info") == 0 && count > 1) {
        row = human_find(human_topics, "", words[1], NULL);
        argument--;
    }
    return row && argument < strlen(row->complete) ? row->complete[argument] : 0;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *human_complete(const CommandContext *context, const char *start, size_t *offset)
{
    const char *blank = strrchr(start, ' ');
    *offset = blank ? (size_t)(blank + 1 - start) : 0;
    g_autofree char *front = g_strndup(start, *offset);
    g_auto(GStrv) words = human_words(front, NULL);
    guint count = words ? g_strv_length(words) : 0;
    Completion completion = { context, start + *offset, count ? words[count - 1] : NULL,
                              g_ptr_array_new_with_free_func(g_free) };
    if (count == 0) {
        offer_rows(&completion, human_commands);
    } else {
        offer_kind(&completion, kind_of(words, count));
    }
    g_ptr_array_sort(completion.found, compare);
    return completion.found;
}
