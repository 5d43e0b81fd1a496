/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/x86/smbios.h"

#include <stdio.h>
#include <string.h>

#include "util/error.h"
#include "util/fdset.h"
#include "util/keyval.h"
#include "util/version.h"

enum { MAJOR = 2, MINOR = 8, MAX_STRINGS = 255, MAX_FILE = 65535, ENTRY_32_BYTES = 31 };
enum { ENTRY_64_BYTES = 24, HANDLE_END = 0x7f00, MODULE_MAX_MIB = 16 * 1024 };

/* The set that is written; strings of the structure that is open follow it. */
typedef struct {
    const Machine *machine;
    const SmbiosBoard *board;
    GByteArray *bytes;
    guint start; /* of the open structure */
    GPtrArray *strings;
    unsigned count, largest;
    bool given[256]; /* structures that files brought */
} Writer;

static void put(Writer *w, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t byte = value >> 8 * i;
        g_byte_array_append(w->bytes, &byte, 1);
    }
}

/* 6.1.3: a string is its number; 0: none */
static void put_text(Writer *w, const char *text)
{
    if (!text || !*text || w->strings->len == MAX_STRINGS) {
        put(w, 0, 1);
        return;
    }
    g_ptr_array_add(w->strings, g_strdup(text));
    put(w, w->strings->len, 1);
}

static void begin(Writer *w, uint8_t type, uint16_t handle)
{
    w->start = w->bytes->len;
    g_ptr_array_set_size(w->strings, 0);
    put(w, type, 1);
    put(w, 0, 1);
    put(w, handle, 2);
}

static void end(Writer *w)
{
    w->bytes->data[w->start + 1] = w->bytes->len - w->start;
    for (guint i = 0; i < w->strings->len; i++) {
        const char *text = g_ptr_array_index(w->strings, i);
        g_byte_array_append(w->bytes, (const uint8_t *)text, strlen(text) + 1);
    }
    put(w, 0, w->strings->len ? 1 : 2);
    w->largest = MAX(w->largest, w->bytes->len - w->start);
    w->count++;
}

/* The value of the last -smbios type=@type that has @key, or @otherwise. */
static const char *given(const Writer *w, unsigned type, const char *key, const char *otherwise)
{
    const GPtrArray *options = w->machine->options[MACHINE_OPTION_SMBIOS];
    for (guint i = options ? options->len : 0; i-- > 0;) {
        const Keyval *keys = g_ptr_array_index(options, i);
        const char *value = keyval_get(keys, key), *of = keyval_get(keys, "type");
        if (value && of && g_ascii_strtoull(of, NULL, 10) == type) {
            return value;
        }
    }
    return otherwise;
}

static bool is_given(const Writer *w, unsigned type)
{
    return given(w, type, "type", NULL) != NULL;
}

static void put_bios(Writer *w)
{
    unsigned major = 0, minor = 0;
    const char *release = given(w, 0, "release", "0.0");
    sscanf(release, "%u.%u", &major, &minor);
    bool uefi = strcmp(given(w, 0, "uefi", "off"), "on") == 0;
    begin(w, 0, 0);
    put_text(w, given(w, 0, "vendor", "Rhea"));
    put_text(w, given(w, 0, "version", version_string()));
    put(w, 0xe800, 2);
    put_text(w, given(w, 0, "date", "01/01/2026"));
    put(w, 0, 1);      /* ROM size */
    put(w, 1 << 3, 8); /* characteristics are not given */
    put(w, 0, 1);
    put(w, 1 << 4 | (uefi ? 1 << 3 : 0) | 1 << 2, 1); /* virtual machine, targeted content */
    put(w, major, 1);
    put(w, minor, 1);
    put(w, 0xffff, 2); /* no embedded controller */
    end(w);
}

/* 7.2.1: the first three fields are little endian */
static void put_uuid(Writer *w)
{
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    const char *text = given(w, 1, "uuid", w->machine->uuid);
    uint8_t raw[16] = { 0 };
    unsigned at = 0;
    for (const char *p = text; p && *p && p[1] && at < 16; p++) {
        if (*p != '-') {
            raw[at++] = g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]);
            p++;
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        put(w, raw[order[i]], 1);
    }
}

static void put_system(Writer *w)
{
    begin(w, 1, 0x100);
    put_text(w, given(w, 1, "manufacturer", "QEMU"));
    put_text(w, given(w, 1, "product", w->board->product));
    put_text(w, given(w, 1, "version", w->board->version));
    put_text(w, given(w, 1, "serial", NULL));
    put_uuid(w);
    put(w, 6, 1); /* woken by the power switch */
    put_text(w, given(w, 1, "sku", NULL));
    put_text(w, given(w, 1, "family", NULL));
    end(w);
}

static void put_baseboard(Writer *w)
{
    begin(w, 2, 0x200);
    put_text(w, given(w, 2, "manufacturer", "QEMU"));
    put_text(w, given(w, 2, "product", w->board->product));
    put_text(w, given(w, 2, "version", w->board->version));
    put_text(w, given(w, 2, "serial", NULL));
    put_text(w, given(w, 2, "asset", NULL));
    put(w, 1, 1); /* hosting board */
    put_text(w, given(w, 2, "location", NULL));
    put(w, 0x300, 2);
    put(w, 10, 1); /* motherboard */
    put(w, 0, 1);
    end(w);
}

static void put_chassis(Writer *w)
{
    begin(w, 3, 0x300);
    put_text(w, given(w, 3, "manufacturer", "QEMU"));
    put(w, 1, 1); /* other */
    put_text(w, given(w, 3, "version", w->board->version));
    put_text(w, given(w, 3, "serial", NULL));
    put_text(w, given(w, 3, "asset", NULL));
    put(w, 0x030303, 3); /* boot-up, power supply, thermal: safe */
    put(w, 2, 1);        /* security: unknown */
    put(w, 0, 8);        /* OEM, height, power cords, no elements */
    put_text(w, given(w, 3, "sku", NULL));
    end(w);
}

static void put_processor(Writer *w, unsigned socket)
{
    const MachineTopology *t = &w->machine->topology;
    unsigned cores = t->dies * t->clusters * t->cores, threads = cores * t->threads;
    g_autofree char *name = g_strdup_printf("%s %u", given(w, 4, "sock_pfx", "CPU"), socket);
    begin(w, 4, 0x400 + socket);
    put_text(w, name);
    put(w, 3, 1); /* central processor */
    put(w, 1, 1); /* family: other */
    put_text(w, given(w, 4, "manufacturer", "QEMU"));
    put(w, 0, 8); /* signature and features */
    put_text(w, given(w, 4, "version", w->board->version));
    put(w, 0, 1); /* voltage */
    put(w, 0, 2); /* external clock */
    put(w, g_ascii_strtoull(given(w, 4, "max-speed", "2000"), NULL, 10), 2);
    put(w, g_ascii_strtoull(given(w, 4, "current-speed", "2000"), NULL, 10), 2);
    put(w, 0x41, 1);   /* populated, enabled */
    put(w, 1, 1);      /* socket: other */
    put(w, 0xffff, 2); /* caches are not described */
    put(w, 0xffff, 2);
    put(w, 0xffff, 2);
    put_text(w, given(w, 4, "serial", NULL));
    put_text(w, given(w, 4, "asset", NULL));
    put_text(w, given(w, 4, "part", NULL));
    put(w, MIN(cores, 255), 1);
    put(w, MIN(cores, 255), 1);
    put(w, MIN(threads, 255), 1);
    put(w, 2, 2); /* characteristics: unknown */
    put(w, 1, 2); /* family 2: other */
    end(w);
}

static void put_oem_strings(Writer *w)
{
    const GPtrArray *options = w->machine->options[MACHINE_OPTION_SMBIOS];
    unsigned count = 0;
    begin(w, 11, 0xe00);
    put(w, 0, 1);
    for (guint i = 0; i < options->len; i++) {
        const Keyval *keys = g_ptr_array_index(options, i);
        if (g_strcmp0(keyval_get(keys, "type"), "11") != 0) {
            continue;
        }
        for (unsigned k = 0; k < keyval_count(keys) && count < MAX_STRINGS; k++) {
            const KeyvalEntry *entry = keyval_entry(keys, k);
            g_autofree char *contents = NULL;
            const char *text = strcmp(entry->key, "value") == 0 ? entry->value : NULL;
            if (strcmp(entry->key, "path") == 0 && entry->value &&
                g_file_get_contents(entry->value, &contents, NULL, NULL)) {
                text = g_strchomp(contents);
            }
            if (text && *text) {
                g_ptr_array_add(w->strings, g_strdup(text));
                count++;
            }
        }
    }
    w->bytes->data[w->bytes->len - 1] = count;
    end(w);
}

static uint64_t number(const Keyval *keys, const char *key, uint64_t otherwise)
{
    const char *text = keyval_get(keys, key);
    return text ? g_ascii_strtoull(text, NULL, 0) : otherwise;
}

/* 7.9: a connector for each -smbios type=8 */
static void put_port(Writer *w, const Keyval *keys, unsigned index)
{
    begin(w, 8, 0x800 + index);
    put_text(w, keyval_get(keys, "internal_reference"));
    put(w, 0, 1); /* internal connector: none */
    put_text(w, keyval_get(keys, "external_reference"));
    put(w, number(keys, "connector_type", 0), 1);
    put(w, number(keys, "port_type", 0), 1);
    end(w);
}

/* 7.10: a slot for each -smbios type=9 */
static void put_slot(Writer *w, const Keyval *keys, unsigned index)
{
    begin(w, 9, 0x900 + index);
    put_text(w, keyval_get(keys, "slot_designation"));
    put(w, number(keys, "slot_type", 0), 1);
    put(w, number(keys, "slot_data_bus_width", 0), 1);
    put(w, number(keys, "current_usage", 0), 1);
    put(w, number(keys, "slot_length", 0), 1);
    put(w, number(keys, "slot_id", 0), 2);
    put(w, number(keys, "slot_characteristics1", 0), 1);
    put(w, number(keys, "slot_characteristics2", 0), 1);
    put(w, 0xffff, 2); /* which device is in it is not said */
    put(w, 0xff, 1);
    end(w);
}

/* 7.42: a device on the board for each -smbios type=41 */
static void put_onboard(Writer *w, const Keyval *keys, unsigned index)
{
    static const char *const kinds[] = { "other",     "unknown", "video", "scsi", "ethernet",
                                         "tokenring", "sound",   "pata",  "sata", "sas" };
    const char *kind = keyval_get(keys, "kind");
    uint8_t type = 1;
    for (unsigned i = 0; kind && i < G_N_ELEMENTS(kinds); i++) {
        type = strcmp(kind, kinds[i]) == 0 ? i + 1 : type;
    }
    begin(w, 41, 0x2900 + index);
    put_text(w, keyval_get(keys, "designation"));
    put(w, type | 0x80, 1); /* enabled */
    put(w, number(keys, "instance", 1), 1);
    put(w, 0xffff, 2);
    put(w, 0xff, 1);
    end(w);
}

/* Structures of which every option makes one. */
static void put_many(Writer *w)
{
    static const struct {
        uint8_t type;
        void (*put)(Writer *w, const Keyval *keys, unsigned index);
    } rows[] = { { 8, put_port }, { 9, put_slot }, { 41, put_onboard } };
    const GPtrArray *options = w->machine->options[MACHINE_OPTION_SMBIOS];
    for (unsigned row = 0; row < G_N_ELEMENTS(rows); row++) {
        unsigned index = 0;
        for (guint i = 0; options && i < options->len && !w->given[rows[row].type]; i++) {
            const Keyval *keys = g_ptr_array_index(options, i);
            const char *type = keyval_get(keys, "type");
            if (type && g_ascii_strtoull(type, NULL, 10) == rows[row].type) {
                rows[row].put(w, keys, index++);
            }
        }
    }
}

static void put_memory_array(Writer *w, unsigned modules)
{
    uint64_t kib = w->machine->ram_bytes >> 10;
    begin(w, 16, 0x1000);
    put(w, 1, 1); /* location: other */
    put(w, 3, 1); /* system memory */
    put(w, 6, 1); /* error correction: multi-bit */
    put(w, kib < 0x80000000u ? kib : 0x80000000u, 4);
    put(w, 0xfffe, 2);
    put(w, modules, 2);
    put(w, kib < 0x80000000u ? 0 : w->machine->ram_bytes, 8);
    end(w);
}

static void put_memory_module(Writer *w, unsigned number, uint64_t mib)
{
    g_autofree char *name = g_strdup_printf("%s %u", given(w, 17, "loc_pfx", "DIMM"), number);
    begin(w, 17, 0x1100 + number);
    put(w, 0x1000, 2); /* its array */
    put(w, 0xfffe, 2);
    put(w, 0xffff, 2); /* widths: unknown */
    put(w, 0xffff, 2);
    put(w, mib < 0x7fff ? mib : 0x7fff, 2);
    put(w, 9, 1); /* DIMM */
    put(w, 0, 1);
    put_text(w, name);
    put_text(w, given(w, 17, "bank", NULL));
    put(w, 7, 1);      /* RAM */
    put(w, 1 << 1, 2); /* other */
    put(w, g_ascii_strtoull(given(w, 17, "speed", "0"), NULL, 10), 2);
    put_text(w, given(w, 17, "manufacturer", "QEMU"));
    put_text(w, given(w, 17, "serial", NULL));
    put_text(w, given(w, 17, "asset", NULL));
    put_text(w, given(w, 17, "part", NULL));
    put(w, 0, 1); /* rank */
    put(w, mib < 0x7fff ? 0 : mib, 4);
    put(w, g_ascii_strtoull(given(w, 17, "speed", "0"), NULL, 10), 2);
    put(w, 0, 6); /* voltages */
    end(w);
}

static void put_memory(Writer *w)
{
    uint64_t mib = w->machine->ram_bytes >> 20;
    unsigned modules = MIN((mib + MODULE_MAX_MIB - 1) / MODULE_MAX_MIB, 256);
    put_memory_array(w, modules);
    for (unsigned i = 0; i < modules; i++) {
        put_memory_module(w, i,
                          i + 1 < modules ? MODULE_MAX_MIB : mib - (uint64_t)i * MODULE_MAX_MIB);
    }
    begin(w, 19, 0x1300);
    put(w, UINT32_MAX, 4); /* see the wide fields */
    put(w, UINT32_MAX, 4);
    put(w, 0x1000, 2);
    put(w, 1, 1);
    put(w, 0, 8);
    put(w, w->machine->ram_bytes - 1, 8);
    end(w);
}

static void put_rest(Writer *w)
{
    if (!w->given[32]) {
        begin(w, 32, 0x2000);
        put(w, 0, 6);
        put(w, 0, 1); /* no errors at the last start */
        end(w);
    }
    begin(w, 127, HANDLE_END);
    end(w);
}

/* -smbios file=: one structure, whole, with its strings. */
static bool add_file(Writer *w, const char *path, GError **errp)
{
    g_autofree char *contents = NULL;
    gsize length;
    if (!fdset_read_file(path, &contents, &length, errp)) {
        error_prefix(errp, "-smbios: ");
        return false;
    }
    const uint8_t *bytes = (const uint8_t *)contents;
    if (length < 6 || length > MAX_FILE || bytes[1] < 4 || bytes[1] > length - 2 ||
        bytes[length - 1] || bytes[length - 2]) {
        error_set(errp, "-smbios: '%s' does not hold one SMBIOS structure with its strings", path);
        return false;
    }
    w->given[bytes[0]] = true;
    g_byte_array_append(w->bytes, bytes, length);
    w->largest = MAX(w->largest, length);
    w->count++;
    return true;
}

/* What each -smbios type= takes. */
static bool check_keys(const Keyval *keys, GError **errp)
{
    static const struct {
        unsigned type;
        const char *keys;
    } rows[] = {
        { 0, "vendor version date release uefi" },
        { 1, "manufacturer product version serial uuid sku family" },
        { 2, "manufacturer product version serial asset location" },
        { 3, "manufacturer version serial asset sku" },
        { 4, "sock_pfx manufacturer version serial asset part max-speed current-speed" },
        { 8, "internal_reference external_reference connector_type port_type" },
        { 9, "slot_designation slot_type slot_data_bus_width current_usage slot_length slot_id "
             "slot_characteristics1 slot_characteristics2" },
        { 11, "value path" },
        { 41, "designation kind instance pcidev" },
        { 17, "loc_pfx bank manufacturer serial asset part speed" },
    };
    const char *text = keyval_get(keys, "type");
    guint64 type;
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, 255, &type, NULL)) {
        error_set(errp, "-smbios: type=%s: must be the number of a structure", text ? text : "");
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].type != type) {
            continue;
        }
        g_auto(GStrv) known = g_strsplit(rows[i].keys, " ", -1);
        for (unsigned k = 0; k < keyval_count(keys); k++) {
            const char *key = keyval_entry(keys, k)->key;
            if (strcmp(key, "type") != 0 && !g_strv_contains((const char *const *)known, key)) {
                error_set(errp, "-smbios: type=%s has no field '%s'; it has %s", text, key,
                          rows[i].keys);
                return false;
            }
        }
        return true;
    }
    error_set(
        errp,
        "-smbios: type=%s: fields can be set of structures 0, 1, 2, 3, 4, 8, 9, 11, 17 and 41",
        text);
    return false;
}

static bool apply_options(Writer *w, GError **errp)
{
    const GPtrArray *options = w->machine->options[MACHINE_OPTION_SMBIOS];
    for (guint i = 0; options && i < options->len; i++) {
        const Keyval *keys = g_ptr_array_index(options, i);
        const char *file = keyval_get(keys, "file");
        if (file ? !add_file(w, file, errp) : !check_keys(keys, errp)) {
            return false;
        }
    }
    for (guint i = 0; options && i < options->len; i++) {
        const char *path = keyval_get(g_ptr_array_index(options, i), "path");
        if (path && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            error_set(errp, "-smbios: path=%s: there is no such file", path);
            return false;
        }
    }
    const char *uuid = given(w, 1, "uuid", NULL);
    if (uuid && !g_uuid_string_is_valid(uuid)) {
        error_set(errp, "-smbios: uuid=%s is not a UUID", uuid);
        return false;
    }
    return true;
}

static void put_structures(Writer *w)
{
    if ((w->board->with_bios || is_given(w, 0)) && !w->given[0]) {
        put_bios(w);
    }
    if (!w->given[1]) {
        put_system(w);
    }
    if (is_given(w, 2) && !w->given[2]) {
        put_baseboard(w);
    }
    if (!w->given[3]) {
        put_chassis(w);
    }
    for (unsigned i = 0; i < w->machine->topology.sockets && !w->given[4]; i++) {
        put_processor(w, i);
    }
    if (is_given(w, 11) && !w->given[11]) {
        put_oem_strings(w);
    }
    put_many(w);
    if (!w->given[16] && !w->given[17] && !w->given[19]) {
        put_memory(w);
    }
    put_rest(w);
}

static uint8_t sum(const uint8_t *bytes, unsigned length)
{
    uint8_t total = 0;
    while (length--) {
        total += *bytes++;
    }
    return total;
}

static void make_entries(Smbios *smbios, const Writer *w)
{
    uint8_t old[ENTRY_32_BYTES] = "_SM_", new[ENTRY_64_BYTES] = "_SM3_";
    guint length = w->bytes->len;
    old[5] = ENTRY_32_BYTES;
    old[6] = MAJOR;
    old[7] = MINOR;
    old[8] = w->largest;
    old[9] = w->largest >> 8;
    memcpy(old + 16, "_DMI_", 5);
    old[22] = length;
    old[23] = length >> 8;
    old[28] = w->count;
    old[29] = w->count >> 8;
    old[30] = MAJOR << 4 | MINOR;
    old[21] = -sum(old + 16, 15);
    old[4] = -sum(old, sizeof(old));
    new[6] = ENTRY_64_BYTES;
    new[7] = 3;
    new[10] = 1;
    for (unsigned i = 0; i < 4; i++) {
        new[12 + i] = length >> 8 * i;
    }
    new[5] = -sum(new, sizeof(new));
    smbios->entry_32 = g_byte_array_new();
    smbios->entry_64 = g_byte_array_new();
    g_byte_array_append(smbios->entry_32, old, sizeof(old));
    g_byte_array_append(smbios->entry_64, new, sizeof(new));
}

bool smbios_build(Smbios *smbios, const Machine *machine, const SmbiosBoard *board, GError **errp)
{
    Writer *w = g_new0(Writer, 1);
    *smbios = (Smbios){ 0 };
    *w = (Writer){ .machine = machine, .board = board };
    w->bytes = g_byte_array_new();
    w->strings = g_ptr_array_new_with_free_func(g_free);
    bool ok = apply_options(w, errp);
    if (ok) {
        put_structures(w);
        make_entries(smbios, w);
        smbios->tables = g_byte_array_ref(w->bytes);
    }
    g_byte_array_unref(w->bytes);
    g_ptr_array_unref(w->strings);
    g_free(w);
    return ok;
}

void smbios_cleanup(Smbios *smbios)
{
    g_clear_pointer(&smbios->tables, g_byte_array_unref);
    g_clear_pointer(&smbios->entry_32, g_byte_array_unref);
    g_clear_pointer(&smbios->entry_64, g_byte_array_unref);
}
