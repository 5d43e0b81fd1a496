/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people can type: the table, and the commands that are thin faces of others. */
#include <string.h>

#include "monitor/human_internal.h"
#include "qom/property.h"
#include "schema/commands.h"
#include "util/error.h"
#include "util/keyval.h"
#include "util/log.h"

Cpu *human_cpu(HumanCall *call, GError **errp)
{
    const GPtrArray *cpus = call->context.machine->cpus;
    if (call->cpu_index >= cpus->len) {
        error_set(errp, "this machine has no processor");
        return NULL;
    }
    return g_ptr_array_index(cpus, call->cpu_index);
}

static void list_rows(HumanCall *call, const HumanCommand *table, const char *before)
{
    for (const HumanCommand *row = table; row->name; row++) {
        g_autofree char *form = g_strconcat(
            before, row->name, row->alias ? "|" : "", row->alias ? row->alias : "",
            row->formats ? "[/FORMAT]" : "", *row->syntax ? " " : "", row->syntax, NULL);
        human_text(call, "%-34s -- %s\n", form, row->help);
    }
}

static bool help(HumanCall *call, GError **errp)
{
    if (call->count == 0) {
        list_rows(call, human_commands, "");
        return true;
    }
    const HumanCommand *row = human_find(human_commands, "command", call->args[0], errp);
    if (!row) {
        return false;
    }
    const char *before = "";
    if (strcmp(row->name, "info") == 0 && call->count == 1) {
        list_rows(call, human_topics, "info ");
        return true;
    }
    if (call->count > 1) {
        before = "info ";
        row = strcmp(row->name, "info") == 0
                  ? human_find(human_topics, "topic", call->args[1], errp)
                  : NULL;
        if (!row) {
            error_set(errp && *errp ? NULL : errp, "only info has topics");
            return false;
        }
    }
    HumanCommand one[] = { *row, {} };
    list_rows(call, one, before);
    return true;
}

static bool info(HumanCall *call, GError **errp)
{
    if (call->count == 0) {
        list_rows(call, human_topics, "info ");
        return true;
    }
    const HumanCommand *topic = human_find(human_topics, "topic", call->args[0], errp);
    if (!topic) {
        return false;
    }
    if (call->count > 1 && !*topic->syntax) {
        error_set(errp, "too many arguments; usage: info %s", topic->name);
        return false;
    }
    HumanCall inner = *call;
    inner.args++;
    inner.count--;
    return topic->run(&inner, errp);
}

static bool quit(HumanCall *call, GError **errp)
{
    return qmp_quit(&call->context, errp);
}

static bool stop(HumanCall *call, GError **errp)
{
    return qmp_stop(&call->context, errp);
}

static bool cont(HumanCall *call, GError **errp)
{
    return qmp_cont(&call->context, errp);
}

static bool system_reset(HumanCall *call, GError **errp)
{
    return qmp_system_reset(&call->context, errp);
}

static bool system_powerdown(HumanCall *call, GError **errp)
{
    return qmp_system_powerdown(&call->context, errp);
}

static bool screendump(HumanCall *call, GError **errp)
{
    QmpScreendumpArgs args = { .filename = call->args[0] };
    return qmp_screendump(&call->context, &args, errp);
}

static bool cpu(HumanCall *call, GError **errp)
{
    uint64_t index;
    if (!human_number(call, call->args[0], &index, errp)) {
        return false;
    }
    if (index >= call->context.machine->cpus->len) {
        error_set(errp, "there is no processor %" G_GUINT64_FORMAT, index);
        return false;
    }
    call->cpu_index = (unsigned)index;
    return true;
}

static bool qom_list(HumanCall *call, GError **errp)
{
    QmpQomListArgs args = { .path = call->count ? call->args[0] : (char *)"/" };
    GPtrArray *list = qmp_qom_list(&call->context, &args, errp);
    for (guint i = 0; list && i < list->len; i++) {
        const QmpObjectPropertyInfo *info = g_ptr_array_index(list, i);
        human_text(call, "%s (%s)\n", info->name, info->type);
    }
    schema_free(&qmp_array_of_object_property_info_type, list);
    return list != NULL;
}

static bool qom_get(HumanCall *call, GError **errp)
{
    QmpQomGetArgs args = { .path = call->args[0], .property = call->args[1] };
    g_autoptr(JsonNode) value = qmp_qom_get(&call->context, &args, errp);
    g_autofree char *text = value ? json_to_string(value, TRUE) : NULL;
    if (text) {
        human_text(call, "%s\n", text);
    }
    return text != NULL;
}

static bool qom_set(HumanCall *call, GError **errp)
{
    g_autoptr(JsonNode) value = json_node_init_string(json_node_alloc(), call->args[2]);
    QmpQomSetArgs args = { .path = call->args[0], .property = call->args[1], .value = value };
    return qmp_qom_set(&call->context, &args, errp);
}

static bool log_items(HumanCall *call, GError **errp)
{
    g_autofree char *items = g_strconcat("none,", call->args[0], NULL);
    return log_set_items(items, errp);
}

static bool log_file(HumanCall *call, GError **errp)
{
    return log_set_file(call->count ? call->args[0] : NULL, errp);
}

static bool trace_event(HumanCall *call, GError **errp)
{
    QmpTraceEventSetStateArgs args = { .name = call->args[0] };
    if (!keyval_parse_bool(call->args[1], &args.enable)) {
        error_set(errp, "'%s' is neither on nor off", call->args[1]);
        return false;
    }
    return qmp_trace_event_set_state(&call->context, &args, errp);
}

/* "name,key=value,..." as the JSON that a command takes. */
static JsonObject *keys_object(const char *text, const char *first, GError **errp)
{
    g_autoptr(Keyval) keys = keyval_parse(text, first, errp);
    JsonObject *object = keys ? json_object_new() : NULL;
    for (unsigned i = 0; keys && i < keyval_count(keys); i++) {
        const KeyvalEntry *entry = keyval_entry(keys, i);
        json_object_set_string_member(object, entry->key, entry->value ? entry->value : "on");
    }
    return object;
}

static bool device_add(HumanCall *call, GError **errp)
{
    g_autoptr(JsonObject) args = keys_object(call->rest, "driver", errp);
    const SchemaCommand *command = schema_command_find("device_add", errp);
    g_autoptr(JsonNode) reply =
        args ? schema_command_run(command, &call->context, args, errp) : NULL;
    return reply != NULL;
}

static bool device_del(HumanCall *call, GError **errp)
{
    QmpDeviceDelArgs args = { .id = call->args[0] };
    return qmp_device_del(&call->context, &args, errp);
}

static bool object_add(HumanCall *call, GError **errp)
{
    g_autoptr(JsonObject) args = keys_object(call->rest, "qom-type", errp);
    if (!args) {
        return false;
    }
    const char *type = json_object_get_string_member_with_default(args, "qom-type", "");
    bool known = false;
    const char *const *names = schema_object_options()->tag->type->values;
    for (; *names && !known; names++) {
        known = strcmp(*names, type) == 0;
    }
    if (!known) {
        error_set(errp, "there is no object type '%s'", type);
        return false;
    }
    if (!json_object_has_member(args, "id")) {
        error_set(errp, "id= is missing");
        return false;
    }
    return qmp_object_add(&call->context, args, errp);
}

static bool object_del(HumanCall *call, GError **errp)
{
    QmpObjectDelArgs args = { .id = call->args[0] };
    return qmp_object_del(&call->context, &args, errp);
}

static bool chardev_remove(HumanCall *call, GError **errp)
{
    QmpChardevRemoveArgs args = { .id = call->args[0] };
    return qmp_chardev_remove(&call->context, &args, errp);
}

static bool chardev_send_break(HumanCall *call, GError **errp)
{
    QmpChardevSendBreakArgs args = { .id = call->args[0] };
    return qmp_chardev_send_break(&call->context, &args, errp);
}

static bool ringbuf_read(HumanCall *call, GError **errp)
{
    QmpRingbufReadArgs args = { .device = call->args[0] };
    uint64_t size;
    if (!human_number(call, call->args[1], &size, errp)) {
        return false;
    }
    args.size = (int64_t)size;
    g_autofree char *text = qmp_ringbuf_read(&call->context, &args, errp);
    if (text) {
        human_text(call, "%s\n", text);
    }
    return text != NULL;
}

static bool ringbuf_write(HumanCall *call, GError **errp)
{
    QmpRingbufWriteArgs args = { .device = call->args[0], .data = call->args[1] };
    return qmp_ringbuf_write(&call->context, &args, errp);
}

static bool gdbserver(HumanCall *call, GError **errp)
{
    const char *device = call->count ? call->args[0] : "tcp::1234";
    QmpXGdbserverArgs args = { .device = (char *)device };
    if (!qmp_x_gdbserver(&call->context, &args, errp)) {
        return false;
    }
    if (strcmp(device, "none") == 0) {
        human_text(call, "Disabled gdbserver\n");
    } else {
        human_text(call, "Waiting for gdb connection on device '%s'\n", device);
    }
    return true;
}

/* Takes -p and -d off the front of the arguments. */
static bool dump_guest_memory(HumanCall *call, GError **errp)
{
    QmpDumpGuestMemoryArgs args = { .has_detach = true };
    uint64_t numbers[2];
    unsigned at = 0;
    for (; at < call->count && call->args[at][0] == '-'; at++) {
        bool paging = strcmp(call->args[at], "-p") == 0;
        if (!paging && strcmp(call->args[at], "-d") != 0) {
            error_set(errp, "'%s' is no option; -p and -d are", call->args[at]);
            return false;
        }
        args.paging |= paging;
        args.detach |= !paging;
    }
    if (at == call->count || call->count - at > 3 || call->count - at == 2) {
        error_set(errp, "usage: dump-guest-memory [-p] [-d] FILE [BEGIN LENGTH]");
        return false;
    }
    g_autofree char *protocol = g_strconcat("file:", call->args[at], NULL);
    args.protocol = protocol;
    args.has_begin = args.has_length = call->count - at == 3;
    for (unsigned i = 0; args.has_begin && i < G_N_ELEMENTS(numbers); i++) {
        if (!human_number(call, call->args[at + 1 + i], &numbers[i], errp)) {
            return false;
        }
    }
    if (args.has_begin) {
        args.begin = (int64_t)numbers[0];
        args.length = (int64_t)numbers[1];
    }
    return qmp_dump_guest_memory(&call->context, &args, errp);
}

const HumanCommand human_commands[] = {
    { "help", "?", "[COMMAND] [TOPIC]", "ct", "list the commands, or explain one", help },
    { "info", NULL, "[TOPIC] [ARGUMENT...]", "t", "tell about the machine; 'info' lists topics",
      info },
    { "quit", "q", "", "", "end the program", quit },
    { "stop", "s", "", "", "stop the machine", stop },
    { "cont", "c", "", "", "let the machine go on", cont },
    { "system_reset", NULL, "", "", "reset the machine", system_reset },
    { "system_powerdown", NULL, "", "", "press the power button", system_powerdown },
    { "screendump", NULL, "FILE", "", "save what the screen shows, as PNG or PPM by its suffix",
      screendump },
    { "dump-guest-memory", NULL, "[-p] [-d] FILE [BEGIN] [LENGTH]", "",
      "write memory and registers into a core file; -p: by virtual address, -d: meanwhile go on",
      dump_guest_memory },
    { "nmi", NULL, "", "", "send every processor an interrupt it cannot mask", human_nmi },
    { "sendkey", NULL, "KEYS [MS]", "k",
      "press keys such as ctrl-alt-f1 together, for 100 ms or MS", human_sendkey },
    { "mouse_move", NULL, "DX DY [DZ]", "", "move the pointer", human_mouse_move },
    { "mouse_button", NULL, "STATE", "", "press buttons: left 1, middle 2, right 4; 0 lets go",
      human_mouse_button },
    { "i", NULL, "PORT", "", "read a port", human_port_read, true },
    { "o", NULL, "PORT VALUE", "", "write a port", human_port_write, true },
    { "gdbserver", NULL, "[DEVICE]", "", "let gdb debug the guest (tcp::1234), or 'none'",
      gdbserver },
    { "cpu", NULL, "INDEX", "", "choose the processor that further commands are about", cpu },
    { "x", NULL, "ADDRESS", "", "show memory as the processor's programs see it",
      human_dump_virtual, true },
    { "xp", NULL, "ADDRESS", "", "show memory by physical address", human_dump_physical, true },
    { "gva2gpa", NULL, "ADDRESS...", "", "show where a virtual address leads", human_gva2gpa },
    { "gpa2hva", NULL, "ADDRESS...", "", "show where guest memory is in this process",
      human_gpa2hva },
    { "print", "p", "EXPRESSION...", "", "show the value of an expression", human_print, true },
    { "memsave", NULL, "ADDRESS SIZE FILE", "", "write memory, by virtual address, into a file",
      human_memsave },
    { "pmemsave", NULL, "ADDRESS SIZE FILE", "", "write memory, by physical address, into a file",
      human_pmemsave },
    { "eject", NULL, "[-f] DRIVE", "",
      "take the medium out of a drive; -f: even if the guest locked it", human_eject },
    { "change", NULL, "DRIVE FILE [FORMAT]", "", "put another medium into a drive", human_change },
    { "block_resize", NULL, "DRIVE SIZE", "",
      "change the size of an image in use; without a suffix, MiB", human_block_resize },
    { "device_add", NULL, "DRIVER[,PROPERTY=VALUE][,...]", "D", "plug in a device", device_add },
    { "device_del", NULL, "ID", "d", "take out a device", device_del },
    { "object_add", NULL, "TYPE,id=ID[,PROPERTY=VALUE][,...]", "O", "make an object", object_add },
    { "object_del", NULL, "ID", "o", "remove an object", object_del },
    { "qom-list", NULL, "[PATH]", "p", "list properties and parts of an object", qom_list },
    { "qom-get", NULL, "PATH PROPERTY", "pP", "show a property of an object", qom_get },
    { "qom-set", NULL, "PATH PROPERTY VALUE", "pP", "change a property of an object", qom_set },
    { "chardev-add", NULL, "BACKEND,id=ID[,PROPERTY=VALUE][,...]", "",
      "make a back end, as -chardev does", human_chardev_add },
    { "chardev-change", NULL, "ID BACKEND[,PROPERTY=VALUE][,...]", "C",
      "put another back end under what uses this one", human_chardev_change },
    { "chardev-remove", NULL, "ID", "C", "close a back end that nobody uses", chardev_remove },
    { "chardev-send-break", NULL, "ID", "C", "send a break to the user of a back end",
      chardev_send_break },
    { "ringbuf_read", NULL, "ID SIZE", "C", "take the oldest bytes out of a ringbuf",
      ringbuf_read },
    { "ringbuf_write", NULL, "ID TEXT", "C", "append to a ringbuf", ringbuf_write },
    { "log", NULL, "ITEM[,...]", "l", "log these items only; 'none' for nothing", log_items },
    { "logfile", NULL, "[FILE]", "", "where the log goes; stderr without a name", log_file },
    { "trace-event", NULL, "PATTERN on|off", "T", "switch trace points", trace_event },
    {},
};
