/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test socket: parses commands, and answers them from the machine. */
#include "accel/qtest/qtest.h"

#include <string.h>

#include "accel/qtest/qtest_accel.h"
#include "hw/core/sysbus.h"

enum {
    MAX_WORDS = 6,
    MAX_TRANSFER_BYTES = 16 << 20,
    MAX_LINE_BYTES = 2 * MAX_TRANSFER_BYTES + 256,
    READ_BYTES = 64 * 1024,
};

/* One line that is watched; freed with the connection. */
typedef struct {
    Qtest *qtest;
    unsigned number;
    int level;
} Watch;

struct Qtest {
    Machine *machine;
    ChardevPort port;
    GString *input;  /* an incomplete line */
    GString *output; /* from .sent on not yet taken by the chardev */
    size_t sent;
    GPtrArray *watches;
    GPtrArray *watched; /* Irq *, as watches */
};

typedef struct {
    const char *name;
    unsigned min_words, max_words; /* after the name */
    void (*fn)(Qtest *qtest, char **words);
} Command;

static void flush(Qtest *qtest)
{
    qtest->sent += chardev_write(&qtest->port, qtest->output->str + qtest->sent,
                                 qtest->output->len - qtest->sent);
    if (qtest->sent == qtest->output->len) {
        g_string_truncate(qtest->output, 0);
        qtest->sent = 0;
    }
}

static void say(Qtest *qtest, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(Qtest *qtest, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_string_append_vprintf(qtest->output, format, ap);
    va_end(ap);
    g_string_append_c(qtest->output, '\n');
    flush(qtest);
}

static bool parse_u64(Qtest *qtest, const char *word, uint64_t *value)
{
    char *end;
    *value = g_ascii_strtoull(word, &end, 0);
    bool ok = g_ascii_isdigit(word[0]) && *end == '\0';
    if (!ok) {
        say(qtest, "FAIL not a number: %s", word);
    }
    return ok;
}

static bool parse_range(Qtest *qtest, char **words, uint64_t *address, uint64_t *length)
{
    if (!parse_u64(qtest, words[0], address) || !parse_u64(qtest, words[1], length)) {
        return false;
    }
    if (*length > MAX_TRANSFER_BYTES) {
        say(qtest, "FAIL more than %d bytes", MAX_TRANSFER_BYTES);
        return false;
    }
    return true;
}

static const char *result_name(MemTxResult result)
{
    return result == MEMTX_DECODE_ERROR ? "nothing answers there" : "the device refused";
}

static void answer(Qtest *qtest, MemTxResult result)
{
    if (result == MEMTX_OK) {
        say(qtest, "OK");
    } else {
        say(qtest, "FAIL %s", result_name(result));
    }
}

/* The last letter of the command: b w l q. */
static unsigned access_bytes(const char *command)
{
    switch (command[strlen(command) - 1]) {
    case 'b': return 1;
    case 'w': return 2;
    case 'l': return 4;
    default: return 8;
    }
}

static void command_read_value(Qtest *qtest, char **words)
{
    uint64_t address, value = 0;
    if (parse_u64(qtest, words[1], &address)) {
        MemTxResult result =
            address_space_load(&qtest->machine->memory, address, access_bytes(words[0]),
                               ENDIAN_LITTLE, &value, (MemTxAttrs){ 0 });
        if (result == MEMTX_OK) {
            say(qtest, "OK 0x%016" G_GINT64_MODIFIER "x", value);
        } else {
            answer(qtest, result);
        }
    }
}

static void command_write_value(Qtest *qtest, char **words)
{
    uint64_t address, value;
    if (parse_u64(qtest, words[1], &address) && parse_u64(qtest, words[2], &value)) {
        answer(qtest, address_space_store(&qtest->machine->memory, address, access_bytes(words[0]),
                                          ENDIAN_LITTLE, value, (MemTxAttrs){ 0 }));
    }
}

/* inb PORT and its like, outb PORT VALUE and its like. */
static void command_port(Qtest *qtest, char **words)
{
    AddressSpace *io = &qtest->machine->io;
    const MemTxAttrs nobody = { 0 };
    uint64_t port, value = 0;
    unsigned size = access_bytes(words[0]);
    bool in = words[0][0] == 'i';
    MemTxResult result;

    if (!parse_u64(qtest, words[1], &port) || (!in && !parse_u64(qtest, words[2], &value))) {
        return;
    }
    result = in ? address_space_load(io, port, size, ENDIAN_LITTLE, &value, nobody)
                : address_space_store(io, port, size, ENDIAN_LITTLE, value, nobody);
    if (in && result == MEMTX_OK) {
        say(qtest, "OK 0x%04" G_GINT64_MODIFIER "x", value);
    } else {
        answer(qtest, result);
    }
}

/* The bytes at words[1], words[2] of them; NULL when an answer was given already. */
static uint8_t *read_range(Qtest *qtest, char **words, uint64_t *length)
{
    uint64_t address;
    if (!parse_range(qtest, words + 1, &address, length)) {
        return NULL;
    }
    uint8_t *bytes = g_malloc0(*length + 1);
    MemTxResult result =
        address_space_read(&qtest->machine->memory, address, bytes, *length, (MemTxAttrs){ 0 });
    if (result != MEMTX_OK) {
        answer(qtest, result);
        g_clear_pointer(&bytes, g_free);
    }
    return bytes;
}

static void command_read(Qtest *qtest, char **words)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t length;
    g_autofree uint8_t *bytes = read_range(qtest, words, &length);
    if (!bytes) {
        return;
    }
    g_autofree char *text = g_malloc(2 * length + 1);
    for (uint64_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * length] = '\0';
    say(qtest, "OK 0x%s", text);
}

static void command_b64read(Qtest *qtest, char **words)
{
    uint64_t length;
    g_autofree uint8_t *bytes = read_range(qtest, words, &length);
    if (bytes) {
        g_autofree char *text = g_base64_encode(bytes, length);
        say(qtest, "OK %s", text);
    }
}

static void write_bytes(Qtest *qtest, uint64_t address, const uint8_t *bytes, uint64_t length)
{
    answer(qtest,
           address_space_write(&qtest->machine->memory, address, bytes, length, (MemTxAttrs){ 0 }));
}

static void command_write(Qtest *qtest, char **words)
{
    uint64_t address, length;
    if (!parse_range(qtest, words + 1, &address, &length)) {
        return;
    }
    const char *text = words[3];
    if (!g_str_has_prefix(text, "0x") || strlen(text) - 2 != 2 * length ||
        strspn(text + 2, "0123456789abcdefABCDEF") != 2 * length) {
        say(qtest, "FAIL the data must be 0x and two digits a byte");
        return;
    }
    g_autofree uint8_t *bytes = g_malloc(length + 1);
    for (uint64_t i = 0; i < length; i++) {
        const char *digit = text + 2 + 2 * i;
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(digit[0]) << 4 | g_ascii_xdigit_value(digit[1]));
    }
    write_bytes(qtest, address, bytes, length);
}

static void command_b64write(Qtest *qtest, char **words)
{
    uint64_t address, length;
    if (parse_range(qtest, words + 1, &address, &length)) {
        gsize decoded;
        g_autofree uint8_t *bytes = g_base64_decode(words[3], &decoded);
        if (decoded != length) {
            say(qtest, "FAIL the data is %" G_GSIZE_FORMAT " bytes long", decoded);
        } else {
            write_bytes(qtest, address, bytes, length);
        }
    }
}

static void command_memset(Qtest *qtest, char **words)
{
    uint64_t address, length, value;
    if (parse_range(qtest, words + 1, &address, &length) && parse_u64(qtest, words[3], &value)) {
        answer(qtest, address_space_fill(&qtest->machine->memory, address, (uint8_t)value, length,
                                         (MemTxAttrs){ 0 }));
    }
}

static void move_clock(Qtest *qtest, int64_t ns)
{
    if (!qtest_accel_set_ns(qtest->machine, ns)) {
        say(qtest, "FAIL guest time can be moved under -accel qtest only");
    } else {
        say(qtest, "OK %" G_GINT64_FORMAT, clock_ns(qtest->machine->clocks, CLOCK_KIND_VIRTUAL));
    }
}

static void command_clock_step(Qtest *qtest, char **words)
{
    int64_t now_ns = clock_ns(qtest->machine->clocks, CLOCK_KIND_VIRTUAL);
    uint64_t step_ns;
    if (!words[1]) {
        int64_t deadline_ns = qtest_accel_deadline_ns(qtest->machine);
        move_clock(qtest, MAX(now_ns, deadline_ns));
    } else if (parse_u64(qtest, words[1], &step_ns)) {
        if (step_ns > (uint64_t)(INT64_MAX - now_ns)) {
            say(qtest, "FAIL time ends before that");
        } else {
            move_clock(qtest, now_ns + (int64_t)step_ns);
        }
    }
}

static void command_clock_set(Qtest *qtest, char **words)
{
    uint64_t ns;
    if (parse_u64(qtest, words[1], &ns)) {
        move_clock(qtest, (int64_t)MIN(ns, INT64_MAX));
    }
}

static Device *find_device(Qtest *qtest, const char *path)
{
    bool ambiguous = false;
    Object *obj = object_resolve(object_root(&qtest->machine->object), path, &ambiguous);
    Device *dev = object_cast(obj, &device_class.object);
    if (!dev) {
        say(qtest, "FAIL %s device: %s", ambiguous ? "more than one such" : "no such", path);
    }
    return dev;
}

static void on_irq(void *opaque, unsigned line, int level)
{
    Watch *watch = opaque;
    if (!!level != watch->level) {
        watch->level = !!level;
        say(watch->qtest, "IRQ %s %u", level ? "raise" : "lower", watch->number);
    }
}

static void watch_line(Qtest *qtest, Irq *irq, unsigned number)
{
    if (irq) {
        Watch *watch = g_new0(Watch, 1);
        *watch = (Watch){ .qtest = qtest, .number = number };
        g_ptr_array_add(qtest->watches, watch);
        g_ptr_array_add(qtest->watched, irq);
        irq_intercept(irq, on_irq, watch, number);
    }
}

/* Which lines of a device are meant. */
typedef struct {
    Qtest *qtest;
    const char *name;
    bool output;
    unsigned found;
} LineSearch;

static void watch_set(const char *name, bool output, Irq **lines, unsigned count, void *opaque)
{
    LineSearch *search = opaque;
    if (output == search->output && g_strcmp0(name, search->name) == 0) {
        for (unsigned i = 0; i < count; i++) {
            watch_line(search->qtest, lines[i], search->found++);
        }
    }
}

static void intercept(Qtest *qtest, char **words, bool output)
{
    LineSearch search = { qtest, words[2], output, 0 };
    Device *dev = find_device(qtest, words[1]);
    if (!dev) {
        return;
    }
    SysbusDevice *sysbus = object_cast(&dev->object, &sysbus_device_class.device.object);
    if (sysbus && output && (!search.name || strcmp(search.name, "sysbus-irq") == 0)) {
        for (unsigned i = 0; i < sysbus->irq_count; i++) {
            watch_line(qtest, *sysbus->irq[i], search.found++);
        }
    }
    device_foreach_irq(dev, watch_set, &search);
    if (search.found) {
        say(qtest, "OK");
    } else {
        say(qtest, "FAIL it has no such lines");
    }
}

static void command_irq_intercept_in(Qtest *qtest, char **words)
{
    intercept(qtest, words, false);
}

static void command_irq_intercept_out(Qtest *qtest, char **words)
{
    intercept(qtest, words, true);
}

typedef struct {
    const char *name;
    uint64_t number;
    Irq *irq;
} InputSearch;

static void find_input(const char *name, bool output, Irq **lines, unsigned count, void *opaque)
{
    InputSearch *search = opaque;
    if (!output && g_strcmp0(name, search->name) == 0 && search->number < count) {
        search->irq = lines[search->number];
    }
}

static void command_set_irq_in(Qtest *qtest, char **words)
{
    InputSearch search = { .name = strcmp(words[2], "unnamed-gpio-in") == 0 ? NULL : words[2] };
    uint64_t level;
    Device *dev = find_device(qtest, words[1]);
    if (!dev || !parse_u64(qtest, words[3], &search.number) ||
        !parse_u64(qtest, words[4], &level)) {
        return;
    }
    device_foreach_irq(dev, find_input, &search);
    if (search.irq) {
        irq_set(search.irq, (int)level);
        say(qtest, "OK");
    } else {
        say(qtest, "FAIL it has no such line");
    }
}

static void command_endianness(Qtest *qtest, char **words)
{
    say(qtest, "OK little");
}

static void command_system_reset(Qtest *qtest, char **words)
{
    machine_request_reset(qtest->machine, false);
    say(qtest, "OK");
}

static const Command commands[] = {
    { "readb", 1, 1, command_read_value },
    { "readw", 1, 1, command_read_value },
    { "readl", 1, 1, command_read_value },
    { "readq", 1, 1, command_read_value },
    { "writeb", 2, 2, command_write_value },
    { "writew", 2, 2, command_write_value },
    { "writel", 2, 2, command_write_value },
    { "writeq", 2, 2, command_write_value },
    { "inb", 1, 1, command_port },
    { "inw", 1, 1, command_port },
    { "inl", 1, 1, command_port },
    { "outb", 2, 2, command_port },
    { "outw", 2, 2, command_port },
    { "outl", 2, 2, command_port },
    { "read", 2, 2, command_read },
    { "write", 3, 3, command_write },
    { "b64read", 2, 2, command_b64read },
    { "b64write", 3, 3, command_b64write },
    { "memset", 3, 3, command_memset },
    { "clock_step", 0, 1, command_clock_step },
    { "clock_set", 1, 1, command_clock_set },
    { "irq_intercept_in", 1, 2, command_irq_intercept_in },
    { "irq_intercept_out", 1, 2, command_irq_intercept_out },
    { "set_irq_in", 4, 4, command_set_irq_in },
    { "endianness", 0, 0, command_endianness },
    { "system_reset", 0, 0, command_system_reset },
};

static void run(Qtest *qtest, char *line)
{
    char *words[MAX_WORDS + 1] = { 0 };
    unsigned count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \r", &rest); word; word = strtok_r(NULL, " \r", &rest)) {
        words[MIN(count, MAX_WORDS - 1)] = word;
        count++;
    }
    for (size_t i = 0; count && i < G_N_ELEMENTS(commands); i++) {
        const Command *command = &commands[i];
        if (strcmp(command->name, words[0]) == 0) {
            if (count - 1 < command->min_words || count - 1 > command->max_words) {
                say(qtest, "FAIL wrong number of arguments");
            } else {
                command->fn(qtest, words);
            }
            return;
        }
    }
    say(qtest, "FAIL unknown command '%s'", count ? words[0] : "");
}

static size_t on_can_receive(void *opaque)
{
    return READ_BYTES;
}

static void on_receive(void *opaque, const uint8_t *bytes, size_t length)
{
    Qtest *qtest = opaque;
    g_string_append_len(qtest->input, (const char *)bytes, (gssize)length);
    if (!memchr(bytes, '\n', length)) {
        if (qtest->input->len > MAX_LINE_BYTES) {
            g_string_truncate(qtest->input, 0);
            say(qtest, "FAIL the line is too long");
        }
        return;
    }
    /* Answers may find the peer gone, which empties the input. */
    g_auto(GStrv) lines = g_strsplit(qtest->input->str, "\n", -1);
    unsigned last = g_strv_length(lines) - 1;
    g_string_assign(qtest->input, lines[last]);
    for (unsigned i = 0; i < last && qtest->port.chardev->connected; i++) {
        run(qtest, lines[i]);
    }
}

static void forget_watches(Qtest *qtest)
{
    for (guint i = 0; i < qtest->watched->len; i++) {
        irq_intercept(g_ptr_array_index(qtest->watched, i), NULL, NULL, 0);
    }
    g_ptr_array_set_size(qtest->watched, 0);
    g_ptr_array_set_size(qtest->watches, 0);
}

static void on_event(void *opaque, ChardevEvent event)
{
    Qtest *qtest = opaque;
    if (event == CHARDEV_EVENT_CLOSED) {
        forget_watches(qtest);
        g_string_truncate(qtest->input, 0);
        g_string_truncate(qtest->output, 0);
        qtest->sent = 0;
    }
}

static void on_writable(void *opaque)
{
    flush(opaque);
}

static const ChardevHandlers handlers = {
    .can_receive = on_can_receive,
    .receive = on_receive,
    .event = on_event,
    .writable = on_writable,
};

Qtest *qtest_new(Machine *machine, Chardev *chardev, GError **errp)
{
    Qtest *qtest = g_new0(Qtest, 1);
    qtest->machine = machine;
    qtest->input = g_string_new(NULL);
    qtest->output = g_string_new(NULL);
    qtest->watches = g_ptr_array_new_with_free_func(g_free);
    qtest->watched = g_ptr_array_new();
    if (!chardev_attach(&qtest->port, chardev, &handlers, qtest, errp)) {
        qtest_free(qtest);
        return NULL;
    }
    return qtest;
}

void qtest_free(Qtest *qtest)
{
    if (qtest) {
        forget_watches(qtest);
        chardev_detach(&qtest->port);
        g_ptr_array_unref(qtest->watched);
        g_ptr_array_unref(qtest->watches);
        g_string_free(qtest->input, TRUE);
        g_string_free(qtest->output, TRUE);
        g_free(qtest);
    }
}
