/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Break- and watchpoints. The debugger takes all of them away at each stop and puts them back
 * before it goes on; so what the accelerator is told is what holds when the machine is started.
 */
#include "gdbstub/gdbstub_internal.h"
#include "util/error.h"

/* "TYPE,ADDRESS,KIND" behind Z or z. False: answered with an error, or with "not supported". */
static bool parse(GdbStub *stub, const char *text, GdbPoint *wanted)
{
    static const CpuPointKind kinds[] = { CPU_POINT_EXECUTE, CPU_POINT_EXECUTE, CPU_POINT_WRITE,
                                          CPU_POINT_READ, CPU_POINT_ACCESS };
    CpuPoint *point = &wanted->point;
    uint64_t type;

    *wanted = (GdbPoint){};
    if (!gdb_parse_hex(&text, &type) || !gdb_parse_char(&text, ',') ||
        !gdb_parse_hex(&text, &point->address) || !gdb_parse_char(&text, ',') ||
        !gdb_parse_hex(&text, &point->length)) {
        gdb_send_error(stub, GDB_EINVAL);
        return false;
    }
    if (type >= G_N_ELEMENTS(kinds) ||
        !CLASS_METHOD(&stub->accel->object, accel_class, AccelClass, set_points)) {
        gdb_send(stub, "");
        return false;
    }
    wanted->type = type;
    point->kind = kinds[type];
    return true;
}

/* Software and hardware breakpoints are one to us, but come and go by themselves. */
static int find(const GdbStub *stub, const GdbPoint *wanted)
{
    for (unsigned i = 0; i < stub->points->len; i++) {
        const GdbPoint *have = &g_array_index(stub->points, GdbPoint, i);
        if (have->type == wanted->type && have->point.address == wanted->point.address &&
            have->point.length == wanted->point.length) {
            return i;
        }
    }
    return -1;
}

void gdb_insert_point(GdbStub *stub, const char *text)
{
    GdbPoint point;

    if (!parse(stub, text, &point)) {
        return;
    }
    if (find(stub, &point) < 0) { /* inserting twice is inserting once */
        if (stub->points->len == GDB_MAX_POINTS) {
            gdb_send_error(stub, GDB_ENOSPC);
            return;
        }
        g_array_append_val(stub->points, point);
        stub->points_changed = true;
    }
    gdb_send_error(stub, GDB_OK);
}

void gdb_remove_point(GdbStub *stub, const char *text)
{
    GdbPoint point;

    if (!parse(stub, text, &point)) {
        return;
    }
    int at = find(stub, &point);
    if (at >= 0) {
        g_array_remove_index_fast(stub->points, at);
        stub->points_changed = true;
    }
    gdb_send_error(stub, GDB_OK);
}

bool gdb_has_breakpoint(const GdbStub *stub, unsigned type, uint64_t address)
{
    for (unsigned i = 0; i < stub->points->len; i++) {
        const GdbPoint *have = &g_array_index(stub->points, GdbPoint, i);
        if (have->type == type && have->point.address == address) {
            return true;
        }
    }
    return false;
}

bool gdb_apply_points(GdbStub *stub, GError **errp)
{
    bool (*set_points)(Accel *, const CpuPoint *, unsigned, GError **) =
        CLASS_METHOD(&stub->accel->object, accel_class, AccelClass, set_points);

    if (!stub->points_changed || !set_points) {
        return true;
    }
    g_autofree CpuPoint *points = g_new(CpuPoint, stub->points->len);
    for (unsigned i = 0; i < stub->points->len; i++) {
        points[i] = g_array_index(stub->points, GdbPoint, i).point;
    }
    stub->points_changed = false;
    return set_points(stub->accel, points, stub->points->len, errp);
}

void gdb_drop_points(GdbStub *stub)
{
    stub->points_changed |= stub->points->len > 0;
    g_array_set_size(stub->points, 0);
    gdb_apply_points(stub, NULL);
}
