/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rhea-img: makes, shows, checks, copies and changes disk images. Called qemu-img it is the same.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/io_loop.h"
#include "tools/img.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/version.h"

static const ImgCommand *const commands[] = {
    &img_check, &img_commit, &img_compare, &img_convert, &img_create, &img_dd,
    &img_info,  &img_map,    &img_measure, &img_rebase,  &img_resize, &img_snapshot,
};

const char *img_value(const ImgArgs *args, int id)
{
    for (unsigned i = args->given->len; i > 0; i--) {
        const ImgGiven *given = &g_array_index(args->given, ImgGiven, i - 1);
        if (given->id == id) {
            return given->value ? given->value : "";
        }
    }
    return NULL;
}

bool img_given(const ImgArgs *args, int id)
{
    return img_value(args, id);
}

bool img_parse_size(const char *what, const char *text, uint64_t *bytes, GError **errp)
{
    if (!keyval_parse_size(text, 1, bytes) || *bytes > INT64_MAX) {
        error_set(errp, "%s '%s' is not a size (a number, or one with k, M, G, T, P or E)", what,
                  text);
        return false;
    }
    return true;
}

bool img_size(const ImgArgs *args, int id, uint64_t *bytes, GError **errp)
{
    const char *text = img_value(args, id);
    char letter[3] = { '-', id < 256 ? id : '-', '\0' };
    return !text || img_parse_size(letter, text, bytes, errp);
}

bool img_number(const ImgArgs *args, int id, uint64_t least, uint64_t most, uint64_t *value,
                GError **errp)
{
    const char *text = img_value(args, id);
    if (!text) {
        return true;
    }
    char *end;
    *value = g_ascii_strtoull(text, &end, 10);
    if (end == text || *end || *value < least || *value > most) {
        error_set(errp,
                  "-%c %s: a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " is needed",
                  id, text, least, most);
        return false;
    }
    return true;
}

bool img_json(const ImgArgs *args, bool *ok, GError **errp)
{
    const char *output = img_value(args, OPT_OUTPUT);
    *ok = !output || strcmp(output, "human") == 0 || strcmp(output, "json") == 0;
    if (!*ok) {
        error_set(errp, "--output=%s: there are human and json", output);
    }
    return output && strcmp(output, "json") == 0;
}

void img_print_json(JsonNode *root)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_indent(generator, 4);
    json_generator_set_root(generator, root);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    puts(text);
    json_node_unref(root);
}

bool img_cache_flags(const char *cache, uint32_t *flags, GError **errp)
{
    static const struct {
        const char *name;
        uint32_t flags;
    } modes[] = { { "none", BLOCK_OPEN_DIRECT },
                  { "writeback", 0 },
                  { "unsafe", BLOCK_OPEN_NO_FLUSH } };
    for (unsigned i = 0; cache && i < G_N_ELEMENTS(modes); i++) {
        if (strcmp(cache, modes[i].name) == 0) {
            *flags |= modes[i].flags;
            return true;
        }
    }
    if (cache) {
        error_set(errp, "cache mode '%s' is not one of none, writeback, unsafe", cache);
    }
    return !cache;
}

BlockChild *coroutine_fn img_open(const ImgOpen *how, GError **errp)
{
    BlockOpen open = { .format = how->format, .flags = how->flags };
    g_autoptr(Keyval) options = NULL;
    const char *name = how->name;
    if (!img_cache_flags(how->cache, &open.flags, errp)) {
        return NULL;
    }
    if (how->image_opts) {
        options = keyval_parse(how->name, "driver", errp);
        if (!options) {
            return NULL;
        }
        open.options = options;
        name = NULL;
    }
    BlockNode *node = block_open(name, &open, errp);
    if (!node) {
        return NULL;
    }
    uint32_t perm = BLOCK_PERM_CONSISTENT_READ, shared = BLOCK_PERM_ALL;
    if (node->flags & BLOCK_OPEN_FORCE_SHARE) {
        perm = 0;
    } else if (block_node_writable(node)) {
        perm |= BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE;
        shared = 0;
    }
    BlockChild *image = block_child_attach(NULL, "rhea-img", node, perm, shared, errp);
    if (!image) {
        block_node_drop(node);
    }
    return image;
}

static void print_create_option(const Property *property, void *opaque)
{
    g_autofree char *name = g_strdelimit(g_strdup(property->name), "-", '_');
    g_autofree char *type = property_type_name(property);
    g_autofree char *left = g_strdup_printf("%s=<%s>", name, type);
    printf("  %-30s - %s\n", left, property->help);
}

static bool set_create_option(Object *options, const BlockDriver *driver, const KeyvalEntry *entry,
                              GError **errp)
{
    g_autofree char *name = g_strdelimit(g_strdup(entry->key), "_", '-');
    if (!property_find(options->class, name)) {
        error_set(errp, "-o %s: format %s has no such option (-o help lists them)", entry->key,
                  driver->name);
        return false;
    }
    if (!property_set(options, name, entry->value ? entry->value : "on", errp)) {
        error_prefix(errp, "-o %s: ", entry->key);
        return false;
    }
    return true;
}

Object *img_create_options(const BlockDriver *driver, const ImgArgs *args, bool *help,
                           GError **errp)
{
    *help = false;
    if (!driver->create_options) {
        error_set(errp, "format %s cannot be created", driver->name);
        return NULL;
    }
    Object *options = object_new(driver->create_options);
    for (unsigned i = 0; i < args->given->len; i++) {
        const ImgGiven *given = &g_array_index(args->given, ImgGiven, i);
        if (given->id != 'o') {
            continue;
        }
        if (strcmp(given->value, "help") == 0 || strcmp(given->value, "?") == 0) {
            printf("Options of format %s:\n", driver->name);
            property_foreach(driver->create_options, print_create_option, NULL);
            *help = true;
            return options;
        }
        g_autoptr(Keyval) keyval = keyval_parse(given->value, NULL, errp);
        for (unsigned j = 0; keyval && j < keyval_count(keyval); j++) {
            if (!set_create_option(options, driver, keyval_entry(keyval, j), errp)) {
                g_clear_pointer(&keyval, keyval_free);
            }
        }
        if (!keyval) {
            object_unref(options);
            return NULL;
        }
    }
    return options;
}

static void print_option(const ImgOption *option)
{
    g_autoptr(GString) left = g_string_new("  ");
    if (option->id < 256) {
        g_string_append_printf(left, "-%c%s%s", option->id, option->arg && !option->name ? " " : "",
                               option->arg && !option->name ? option->arg : "");
    }
    if (option->name) {
        g_string_append_printf(left, "%s--%s%s%s", option->id < 256 ? ", " : "", option->name,
                               option->arg ? "=" : "", option->arg ? option->arg : "");
    }
    printf("%-34s %s\n", left->str, option->help);
}

static void print_command_help(const ImgCommand *command)
{
    printf("usage: rhea-img %s [OPTION...] %s\n%s.\n\n", command->name, command->operands,
           command->summary);
    for (const ImgOption *option = command->options; option->id; option++) {
        print_option(option);
    }
}

static void print_driver(const BlockDriver *driver, void *opaque)
{
    if (!driver->is_protocol) {
        printf("  %-12s %s\n", driver->name, driver->summary);
    }
}

static void print_help(void)
{
    printf("usage: rhea-img COMMAND [OPTION...] OPERAND...\n"
           "Makes, shows, checks, copies and changes disk images.\n\nCommands:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    printf("\nFormats:\n");
    block_driver_foreach(print_driver, NULL);
    printf("\n\"rhea-img COMMAND --help\" says more; \"rhea-img --man\" prints the manual page.\n");
}

static void print_man(void)
{
    printf(
        ".TH RHEA-IMG 1 \"\" \"Rhea %s\"\n.SH NAME\nrhea-img \\- disk images: make, show, check, "
        "copy, change\n.SH SYNOPSIS\n.B rhea-img\n.I command\n[option...] operand...\n.SH "
        "COMMANDS\n",
        version_string());
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        printf(".SS \"%s %s\"\n%s.\n", commands[i]->name, commands[i]->operands,
               commands[i]->summary);
        for (const ImgOption *option = commands[i]->options; option->id; option++) {
            printf(".TP\n.B ");
            if (option->id < 256) {
                printf("\\-%c%s", option->id, option->name ? ", " : " ");
            }
            printf("%s%s %s\n%s\n", option->name ? "\\-\\-" : "", option->name ? option->name : "",
                   option->arg ? option->arg : "", option->help);
        }
    }
}

static const ImgCommand *find_command(const char *name, GError **errp)
{
    const char *names[G_N_ELEMENTS(commands) + 1] = { NULL };
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
        names[i] = commands[i]->name;
    }
    const char *nearest = nearest_word(name, names);
    error_set(errp, "there is no command '%s'%s%s%s (--help lists them)", name,
              nearest ? "; '" : "", nearest ? nearest : "", nearest ? "' is near" : "");
    return NULL;
}

/* The tables of getopt, made from ours. */
static bool parse(ImgArgs *args, int argc, char **argv, GError **errp)
{
    g_autoptr(GString) letters = g_string_new(":h");
    g_autoptr(GArray) longs = g_array_new(TRUE, TRUE, sizeof(struct option));
    struct option help = { "help", no_argument, NULL, 'h' };
    g_array_append_val(longs, help);
    for (const ImgOption *option = args->command->options; option->id; option++) {
        if (option->id < 256) {
            g_string_append_printf(letters, "%c%s", option->id, option->arg ? ":" : "");
        }
        if (option->name) {
            struct option item = { option->name, option->arg ? required_argument : no_argument,
                                   NULL, option->id };
            g_array_append_val(longs, item);
        }
    }
    int id;
    opterr = 0;
    while ((id = getopt_long(argc, argv, letters->str, (struct option *)longs->data, NULL)) != -1) {
        if (id == '?' || id == ':') {
            const char *what = argv[optind - 1];
            error_set(errp, "%s: %s '%s'", args->command->name,
                      id == '?' ? "there is no option" : "a value is missing behind", what);
            return false;
        }
        ImgGiven given = { id == 'h' ? OPT_HELP : id, optarg };
        g_array_append_val(args->given, given);
    }
    args->operands = argv + optind;
    args->count = argc - optind;
    if (!img_given(args, OPT_HELP) &&
        (args->count < args->command->least || args->count > args->command->most)) {
        error_set(errp, "%s needs %s (--help says more)", args->command->name,
                  args->command->operands);
        return false;
    }
    return true;
}

typedef struct {
    ImgArgs *args;
    GError *error;
} Run;

static int coroutine_fn run_command(void *opaque)
{
    Run *run = opaque;
    return run->args->command->run(run->args, &run->error);
}

static int fail(GError *error)
{
    fprintf(stderr, "rhea-img: %s\n", error->message);
    g_error_free(error);
    return 1;
}

int main(int argc, char **argv)
{
    Run run = { 0 };
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return argc < 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("rhea-img version %s\n", version_string());
        return 0;
    }
    if (strcmp(argv[1], "--man") == 0) {
        print_man();
        return 0;
    }
    ImgArgs args = { .given = g_array_new(FALSE, FALSE, sizeof(ImgGiven)) };
    args.command = find_command(argv[1], &run.error);
    if (!args.command || !parse(&args, argc - 1, argv + 1, &run.error)) {
        return fail(run.error);
    }
    int status = 0;
    if (img_given(&args, OPT_HELP)) {
        print_command_help(args.command);
    } else {
        run.args = &args;
        status = io_loop_run(run_command, &run);
    }
    g_array_free(args.given, TRUE);
    if (run.error) {
        status = status ? status : 1;
        fprintf(stderr, "rhea-img: %s\n", run.error->message);
        g_error_free(run.error);
    }
    return status;
}
