/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices as written on the command line. */
#include "chardev/chardev_spec.h"

#include <string.h>

#include "chardev/hub.h"
#include "chardev/testdev.h"
#include "util/error.h"
#include "util/nearest.h"

static const char prefix[] = "chardev-";

/* "NAME:REST" and the key that REST is the value of; NULL: REST has a form of its own. */
typedef struct {
    const char *word;
    const char *backend;
    const char *key;
    const char *flag; /* what it switches on; NULL: nothing */
} ShortForm;

static const ShortForm short_forms[] = {
    { "file:", "file", "path" },
    { "pipe:", "pipe", "path" },
    { "unix:", "socket", "path" },
    { "tcp:", "socket", NULL },
    { "telnet:", "socket", NULL, "telnet" },
    { "websocket:", "socket", NULL, "websocket" },
    { "udp:", "udp", NULL },
    { "/dev/parport", "parallel", "path" },
    { "/dev/lp", "parallel", "path" },
    { "/dev/", "serial", "path" },
};

/* What other emulators have and this one does not, and what to say instead. */
typedef struct {
    const char *word;
    const char *answer;
} AbsentForm;

static const AbsentForm absent_forms[] = {
    { "vc", "consoles in the window are not there yet; use 'stdio', 'pty' or 'none'" },
    { "con:", "there is no Windows console; use 'stdio'" },
    { "msmouse", "serial mice are not there yet" },
    { "braille", "Braille displays are not there yet" },
};

static Keyval *new_keys(const char *backend, const char *label)
{
    Keyval *keys = keyval_new();
    keyval_add(keys, "backend", backend);
    keyval_add(keys, "id", label);
    return keys;
}

/* "HOST:PORT", "[V6]:PORT" or ":PORT", of which the brackets go. */
static bool split_address(Keyval *keys, const char *address, const char *host_key,
                          const char *port_key, GError **errp)
{
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1] || (address[0] == '[' && (colon == address || colon[-1] != ']'))) {
        error_set(errp, "'%s' is not HOST:PORT", address);
        return false;
    }
    bool brackets = address[0] == '[';
    g_autofree char *host = g_strndup(address + brackets, colon - address - 2 * brackets);
    keyval_add(keys, host_key, host);
    keyval_add(keys, port_key, colon + 1);
    return true;
}

/* "REMOTE@LOCAL" or "REMOTE", each HOST:PORT of which the host may be left out. */
static bool split_udp(Keyval *keys, const char *text, GError **errp)
{
    g_auto(GStrv) ends = g_strsplit(text, "@", 2);

    if (!split_address(keys, ends[0], "host", "port", errp)) {
        return false;
    }
    return !ends[1] || !*ends[1] || split_address(keys, ends[1], "localaddr", "localport", errp);
}

static bool add_rest(Keyval *keys, const ShortForm *form, const char *rest, GError **errp)
{
    bool udp = strcmp(form->backend, "udp") == 0;
    /* A path of a file or pipe may hold any comma; the others are followed by options. */
    if (strcmp(form->backend, "socket") != 0 && !udp) {
        bool device = *form->word == '/';
        g_autofree char *path = g_strconcat(device ? form->word : "", rest, NULL);
        keyval_add(keys, form->key, path);
        return true;
    }
    g_autoptr(Keyval) parsed = keyval_parse(rest, "address", errp);
    if (!parsed) {
        return false;
    }
    g_autofree char *address = keyval_take(parsed, "address");
    if (!address && form->key) { /* "unix:path=PATH" */
        address = keyval_take(parsed, form->key);
    }
    if (!address) {
        error_set(errp, "an address is missing");
        return false;
    }
    if (form->key) {
        keyval_add(keys, form->key, address);
    } else if (udp ? !split_udp(keys, address, errp)
                   : !split_address(keys, address, "host", "port", errp)) {
        return false;
    }
    if (form->flag) {
        keyval_add(keys, form->flag, "on");
    }
    for (unsigned i = 0; i < keyval_count(parsed); i++) {
        const KeyvalEntry *entry = keyval_entry(parsed, i);
        keyval_add(keys, entry->key, entry->value);
    }
    return true;
}

static const ChardevClass *backend_class(const char *backend)
{
    g_autofree char *name = g_strconcat(prefix, backend, NULL);
    const ObjectClass *class = object_class_by_name(name);
    bool usable = class && !class->abstract && object_class_is_a(class, &chardev_class.object) &&
                  class != &chardev_mux_class.object;
    return usable ? (const ChardevClass *)class : NULL;
}

static void add_name(const ObjectClass *class, void *opaque)
{
    if (!class->abstract && class != &chardev_mux_class.object) {
        g_ptr_array_add(opaque, (gpointer)(class->name + strlen(prefix)));
    }
}

static void unknown_backend(const char *word, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    object_class_foreach(&chardev_class.object, add_name, names);
    g_ptr_array_add(names, NULL);
    const char *near = nearest_word(word, (const char *const *)names->pdata);
    g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
    if (near) {
        error_set(errp, "unknown character device '%s'; did you mean '%s'?", word, near);
    } else {
        error_set(errp, "unknown character device '%s'; there are %s", word, all);
    }
}

static Keyval *parse_backend(const char *text, const char *label, GError **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(short_forms); i++) {
        const ShortForm *form = &short_forms[i];
        if (g_str_has_prefix(text, form->word)) {
            g_autoptr(Keyval) keys = new_keys(form->backend, label);
            bool ok = add_rest(keys, form, text + strlen(form->word), errp);
            return ok ? g_steal_pointer(&keys) : NULL;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(absent_forms); i++) {
        if (g_str_has_prefix(text, absent_forms[i].word)) {
            error_set(errp, "%s", absent_forms[i].answer);
            return NULL;
        }
    }
    g_autoptr(Keyval) keys = keyval_parse(text, "backend", errp);
    const char *backend = keys ? keyval_get(keys, "backend") : NULL;
    if (!backend || !backend_class(backend)) {
        if (keys) {
            unknown_backend(backend ? backend : text, errp);
        }
        return NULL;
    }
    keyval_add(keys, "id", label);
    return g_steal_pointer(&keys);
}

Keyval *chardev_spec_parse(const char *text, const char *label, ChardevSpecKind *kind,
                           GError **errp)
{
    bool shared = g_str_has_prefix(text, "mon:");
    if (shared) {
        text += strlen("mon:");
    }
    *kind = CHARDEV_SPEC_BACKEND;
    if (strcmp(text, "none") == 0) {
        *kind = CHARDEV_SPEC_NONE;
        return keyval_new();
    }
    if (g_str_has_prefix(text, "chardev:")) {
        *kind = CHARDEV_SPEC_EXISTING;
        Keyval *keys = keyval_new();
        keyval_add(keys, "id", text + strlen("chardev:"));
        return keys;
    }
    Keyval *keys = parse_backend(text, label, errp);
    if (keys && shared) {
        keyval_add(keys, "mux", "on");
        if (strcmp(keyval_get(keys, "backend"), "stdio") == 0) {
            keyval_add(keys, "signal", "off"); /* Ctrl-C is for the guest where Ctrl-A x leaves */
        }
    }
    return keys;
}

/* Bare words: "server" is server=on, "nowait" is wait=off. */
static void add_option(GPtrArray *options, const ObjectClass *class, const KeyvalEntry *entry)
{
    const char *key = entry->key, *value = entry->value;
    if (!value) {
        value = "on";
        if (!property_find(class, key) && g_str_has_prefix(key, "no") &&
            property_find(class, key + 2)) {
            key += 2;
            value = "off";
        }
    }
    g_ptr_array_add(options, (gpointer)key);
    g_ptr_array_add(options, (gpointer)value);
}

Chardev *chardev_spec_create(Object *parent, Keyval *keys, const ChardevMuxOps *ops,
                             void *ops_opaque, GError **errp)
{
    g_autofree char *backend = keyval_take(keys, "backend");
    g_autofree char *id = keyval_take(keys, "id");
    g_autofree char *mux_text = keyval_take(keys, "mux");
    bool mux = false;
    if (!backend || !id) {
        error_set(errp, "%s is missing", backend ? "id=" : "the back end");
        return NULL;
    }
    const ChardevClass *class = backend_class(backend);
    if (!class) {
        unknown_backend(backend, errp);
        return NULL;
    }
    if (mux_text && !keyval_parse_bool(mux_text, &mux)) {
        error_set(errp, "mux=%s: must be on or off", mux_text);
        return NULL;
    }
    if (!*id || strpbrk(id, "/ ") || object_child(parent, id)) {
        error_set(errp, "id '%s' %s", id,
                  object_child(parent, id) ? "is in use already" : "is not a usable name");
        return NULL;
    }
    g_autoptr(GPtrArray) options = g_ptr_array_new();
    for (unsigned i = 0; i < keyval_count(keys); i++) {
        add_option(options, &class->object, keyval_entry(keys, i));
    }
    g_ptr_array_add(options, NULL);
    g_autofree char *label = mux ? g_strconcat(id, "-base", NULL) : g_strdup(id);
    Chardev *chardev = chardev_new(parent, label, class, (const char *const *)options->pdata, errp);
    bool ok = chardev &&
              (class != &chardev_hub_class || chardev_hub_connect(chardev, parent, errp)) &&
              (class != &chardev_testdev_class ||
               chardev_testdev_connect(chardev, ops, ops_opaque, errp));
    if (chardev && !ok) {
        object_unparent(&chardev->object);
        return NULL;
    }
    return chardev && mux ? chardev_mux_new(parent, id, chardev, ops, ops_opaque, errp) : chardev;
}

static void add_help_line(const ObjectClass *class, void *opaque)
{
    if (!class->abstract && class != &chardev_mux_class.object) {
        g_string_append_printf(opaque, "  %-10s %s\n", class->name + strlen(prefix),
                               ((const ChardevClass *)class)->summary);
    }
}

char *chardev_spec_help(void)
{
    GString *text = g_string_new("Available chardev backend types:\n");
    object_class_foreach(&chardev_class.object, add_help_line, text);
    return g_string_free(text, FALSE);
}
