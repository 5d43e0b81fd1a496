/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets by their first letter. An empty answer means "not supported". Spec: gdb manual, E.2. */
#include <string.h>

#include "gdbstub/gdbstub_internal.h"

/* "Hg" and "Hc": which thread later packets are about. */
static void choose_thread(GdbStub *stub, const char *text)
{
    char what = *text;
    unsigned cpu;

    text += what != '\0';
    if ((what != 'g' && what != 'c') || !gdb_parse_thread(stub, &text, &cpu)) {
        gdb_send_error(stub, GDB_EINVAL);
        return;
    }
    if (what == 'c') {
        stub->cont_cpu = cpu;
    } else {
        stub->cpu = cpu == UINT_MAX ? 0 : cpu;
    }
    gdb_send_error(stub, GDB_OK);
}

static void is_alive(GdbStub *stub, const char *text)
{
    unsigned cpu;

    gdb_send_error(stub, gdb_parse_thread(stub, &text, &cpu) ? GDB_OK : GDB_EINVAL);
}

/* The machine goes on as if nobody had been here. */
static void detach(GdbStub *stub, const char *text)
{
    gdb_send_error(stub, GDB_OK);
    gdb_drop_points(stub);
    gdb_continue(stub, "");
    stub->waiting = false;
}

static void kill_machine(GdbStub *stub, const char *text)
{
    stub->ops->quit(stub->opaque);
}

static void vkill(GdbStub *stub)
{
    gdb_send_error(stub, GDB_OK);
    stub->ops->quit(stub->opaque);
}

static void with_v(GdbStub *stub, const char *text)
{
    if (strcmp(text, "Cont?") == 0) {
        gdb_send(stub, "vCont;c;C;s;S;t;r");
    } else if (g_str_has_prefix(text, "Cont;")) {
        gdb_vcont(stub, text + strlen("Cont"));
    } else if (g_str_has_prefix(text, "Attach;")) {
        gdb_send_stop(stub);
    } else if (g_str_has_prefix(text, "Kill;")) {
        vkill(stub);
    } else {
        gdb_send(stub, "");
    }
}

/* "CSIG[;ADDRESS]": a machine has no signals. */
static const char *behind_signal(const char *text)
{
    const char *address = strchr(text, ';');

    return address ? address + 1 : "";
}

static void one_letter(GdbStub *stub, char letter, const char *rest)
{
    switch (letter) {
    case '!': gdb_send_error(stub, GDB_OK); break;
    case '?': gdb_send_stop(stub); break;
    case 'c': gdb_continue(stub, rest); break;
    case 'C': gdb_continue(stub, behind_signal(rest)); break;
    case 's': gdb_step(stub, rest); break;
    case 'S': gdb_step(stub, behind_signal(rest)); break;
    case 'D': detach(stub, rest); break;
    case 'g': gdb_read_registers(stub); break;
    case 'G': gdb_write_registers(stub, rest); break;
    case 'H': choose_thread(stub, rest); break;
    case 'k': kill_machine(stub, rest); break;
    case 'm': gdb_read_memory(stub, rest); break;
    case 'M': gdb_write_memory(stub, rest); break;
    case 'p': gdb_read_register(stub, rest); break;
    case 'P': gdb_write_register(stub, rest); break;
    case 'T': is_alive(stub, rest); break;
    case 'v': with_v(stub, rest); break;
    case 'z': gdb_remove_point(stub, rest); break;
    case 'Z': gdb_insert_point(stub, rest); break;
    default: gdb_send(stub, ""); break;
    }
}

void gdb_command(GdbStub *stub, char *text, size_t length)
{
    /* All-stop: nothing is answered before the stop, whoever started the machine. */
    if (stub->machine->run_state == RUN_STATE_RUNNING) {
        stub->ops->stop(stub->opaque);
    }
    if (*text == 'X') {
        gdb_write_memory_binary(stub, text + 1, length - 1);
    } else if (!gdb_query(stub, text)) {
        one_letter(stub, *text, length ? text + 1 : text);
    }
}
