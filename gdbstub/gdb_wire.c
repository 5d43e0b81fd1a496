/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets on the line: $data#checksum, acknowledged by + or -. Spec: gdb manual, E.1. */
#include <string.h>

#include "gdbstub/gdbstub_internal.h"

enum { INTERRUPT = 0x03, ESCAPE = '}', ESCAPE_XOR = 0x20 };
/* A peer that does not read gets no more than this kept for it. */
enum { OUT_BYTES = 16 * GDB_PACKET_BYTES };

void gdb_wire_reset(GdbStub *stub)
{
    g_byte_array_set_size(stub->in, 0);
    g_byte_array_set_size(stub->out, 0);
    g_string_truncate(stub->last, 0);
    stub->wire = GDB_WIRE_IDLE;
    stub->no_acks = false;
}

void gdb_wire_flush(GdbStub *stub)
{
    size_t taken = stub->out->len ? chardev_write(&stub->port, stub->out->data, stub->out->len) : 0;

    if (taken) {
        g_byte_array_remove_range(stub->out, 0, taken);
    }
}

static void put(GdbStub *stub, const void *bytes, size_t length)
{
    if (stub->connected && stub->out->len + length <= OUT_BYTES) {
        g_byte_array_append(stub->out, bytes, length);
        gdb_wire_flush(stub);
    }
}

/* Sends what stands in .last from '$' on. */
static void finish(GdbStub *stub)
{
    uint8_t sum = 0;

    for (size_t i = 1; i < stub->last->len; i++) {
        sum += (uint8_t)stub->last->str[i];
    }
    g_string_append_printf(stub->last, "#%02x", sum);
    put(stub, stub->last->str, stub->last->len);
}

void gdb_send_bytes(GdbStub *stub, char prefix, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    g_string_assign(stub->last, "$");
    if (prefix) {
        g_string_append_c(stub->last, prefix);
    }
    for (size_t i = 0; i < length; i++) {
        if (from[i] && strchr("#$*}", from[i])) {
            g_string_append_c(stub->last, ESCAPE);
            g_string_append_c(stub->last, from[i] ^ ESCAPE_XOR);
        } else {
            g_string_append_c(stub->last, from[i]);
        }
    }
    finish(stub);
}

void gdb_send(GdbStub *stub, const char *text)
{
    gdb_send_bytes(stub, 0, text, strlen(text));
}

void gdb_send_error(GdbStub *stub, GdbError error)
{
    char text[4];

    g_snprintf(text, sizeof(text), "E%02u", (unsigned)error % 100);
    gdb_send(stub, error == GDB_OK ? "OK" : text);
}

void gdb_send_hex(GdbStub *stub, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    g_string_assign(stub->last, "$");
    for (size_t i = 0; i < length; i++) {
        g_string_append_printf(stub->last, "%02x", from[i]);
    }
    finish(stub);
}

/* The bytes of a packet as they were meant. */
static void unescape(GByteArray *packet)
{
    size_t to = 0;

    for (size_t from = 0; from < packet->len; from++) {
        uint8_t byte = packet->data[from];
        if (byte == ESCAPE && from + 1 < packet->len) {
            byte = packet->data[++from] ^ ESCAPE_XOR;
        }
        packet->data[to++] = byte;
    }
    g_byte_array_set_size(packet, to);
}

static void packet_ends(GdbStub *stub, bool good)
{
    if (!stub->no_acks) {
        put(stub, good ? "+" : "-", 1);
    }
    if (good && !stub->too_long) {
        unescape(stub->in);
        g_byte_array_append(stub->in, (const uint8_t *)"", 1);
        gdb_command(stub, (char *)stub->in->data, stub->in->len - 1);
    }
}

static void start_packet(GdbStub *stub)
{
    g_byte_array_set_size(stub->in, 0);
    stub->sum = 0;
    stub->too_long = false;
    stub->wire = GDB_WIRE_DATA;
}

static void between_packets(GdbStub *stub, uint8_t byte)
{
    if (byte == '$') {
        start_packet(stub);
    } else if (byte == '-' && stub->last->len) {
        put(stub, stub->last->str, stub->last->len);
    } else if (byte == INTERRUPT) {
        stub->ops->stop(stub->opaque);
    } /* '+', and noise */
}

static void receive_byte(GdbStub *stub, uint8_t byte)
{
    switch (stub->wire) {
    case GDB_WIRE_IDLE: between_packets(stub, byte); break;
    case GDB_WIRE_DATA:
        if (byte == '$') { /* the end of the one before got lost */
            start_packet(stub);
        } else if (byte == '#') {
            stub->wire = GDB_WIRE_SUM_HIGH;
        } else {
            stub->sum += byte;
            stub->too_long |= stub->in->len >= GDB_PACKET_BYTES;
            if (!stub->too_long) {
                g_byte_array_append(stub->in, &byte, 1);
            }
        }
        break;
    case GDB_WIRE_SUM_HIGH:
        stub->sum_high = byte;
        stub->wire = GDB_WIRE_SUM_LOW;
        break;
    case GDB_WIRE_SUM_LOW:
        stub->wire = GDB_WIRE_IDLE;
        packet_ends(stub, g_ascii_xdigit_value(stub->sum_high) * 16 + g_ascii_xdigit_value(byte) ==
                              stub->sum);
        break;
    }
}

void gdb_wire_receive(GdbStub *stub, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        receive_byte(stub, bytes[i]);
    }
}
