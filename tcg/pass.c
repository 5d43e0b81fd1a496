/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/pass.h"

#include <string.h>

enum { SLOT_WORDS = IR_MAX_SLOTS / 64 };

/* Slots whose next event, looking forward, is a put: a put before it that nothing can see in
 * between is dead. */
typedef struct {
    uint64_t overwritten[SLOT_WORDS];
    uint64_t lazy, late; /* of the first 64 slots: late: overwritten but for what LOAD, STORE and
                            EXIT_IF show */
    uint16_t shown[64];  /* late slots: by which op at last */
    uint32_t accesses;
} Liveness;

static void all_visible(Liveness *live)
{
    memset(live->overwritten, 0, sizeof(live->overwritten));
    live->late = 0;
}

/* Op @at can make slots visible, out of line. */
static void visible_aside(Liveness *live, uint32_t at)
{
    uint64_t late = live->late | (live->overwritten[0] & live->lazy);

    for (uint64_t rest = late & ~live->late; rest; rest &= rest - 1) {
        live->shown[__builtin_ctzll(rest)] = at;
    }
    all_visible(live);
    live->late = late;
}

static void read_slot(Liveness *live, uint64_t slot)
{
    live->overwritten[slot / 64] &= ~(1ull << slot % 64);
    if (slot < 64) {
        live->late &= ~(1ull << slot);
    }
}

static bool test_and_set(Liveness *live, uint64_t slot)
{
    uint64_t bit = 1ull << slot % 64;
    bool was = live->overwritten[slot / 64] & bit;

    live->overwritten[slot / 64] |= bit;
    return was;
}

static void visit_call(Liveness *live, const IrOp *op)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;

    if (helper->raises) {
        all_visible(live);
        return;
    }
    for (unsigned i = 0; i < SLOT_WORDS; i++) {
        live->overwritten[i] &= ~helper->reads[i];
    }
    live->late &= ~helper->reads[0];
}

/* Of an op that is not PURE. */
static bool is_dead(Liveness *live, const IrOp *op, uint32_t at, bool used)
{
    switch (op->op) {
    case IR_GET:
        if (!used) {
            return true;
        }
        read_slot(live, op->imm);
        return false;
    case IR_CALL:
        if (!used && ((const IrHelper *)(uintptr_t)op->imm)->pure) {
            return true;
        }
        visit_call(live, op);
        return false;
    case IR_LABEL:
    case IR_BR:
    case IR_BRCOND: all_visible(live); return false;
    case IR_EXIT_IF: visible_aside(live, at); return false;
    case IR_LOAD:
    case IR_STORE:
        live->accesses++;
        visible_aside(live, at);
        return false;
    default:
        if (ir_op_info[op->op].flags & (IR_FLAG_FAULT | IR_FLAG_END)) {
            all_visible(live);
        }
        return false;
    }
}

/* A put that is not dead. */
static void visit_put(Liveness *live, IrOp *ops, IrOp *op)
{
    uint64_t bit = op->imm < 64 ? 1ull << op->imm : 0;
    IrOp *value = &ops[op->arg[0]];

    if (!(live->late & bit)) {
        return;
    }
    live->late &= ~bit;
    op->flags = IR_OP_LATE;
    op->last = live->shown[op->imm];
    value->last = value->flags & IR_OP_USED ? MAX(value->last, op->last) : op->last;
    value->flags |= IR_OP_USED;
}

static inline void use(IrOp *op, uint32_t at)
{
    if (!(op->flags & IR_OP_USED)) {
        op->flags |= IR_OP_USED;
        op->last = at;
    }
}

static inline void use_arguments(IrOp *ops, const IrOp *op, uint32_t at, unsigned count)
{
    if (count > 0) {
        use(&ops[op->arg[0]], at); /* op 0 stands for no argument */
    }
    if (count > 1) {
        use(&ops[op->arg[1]], at);
    }
    if (count > 2) {
        use(&ops[op->arg[2]], at);
        use(&ops[op->arg[3]], at);
    }
}

void ir_liveness(IrRegion *region)
{
    IrOp *ops = region->ops;
    Liveness live = { .lazy = region->lazy_slots };

    for (uint32_t at = region->count - 1; at > 0; at--) {
        IrOp *op = &ops[at];
        const IrOpInfo *info = &ir_op_info[op->op];
        bool used = op->flags & IR_OP_USED;
        bool dead;
        op->flags = 0; /* not used: for the next time */
        if (info->flags & IR_FLAG_PURE) {
            dead = !used;
        } else if (op->op == IR_INSN) {
            continue;
        } else if (op->op == IR_PUT) {
            dead = test_and_set(&live, op->imm);
            if (!dead) {
                visit_put(&live, ops, op);
            }
        } else {
            op->last = used ? op->last : 0;
            dead = is_dead(&live, op, at, used);
        }
        if (dead) {
            op->flags = IR_OP_DEAD;
            continue;
        }
        use_arguments(ops, op, at, info->arguments);
    }
    region->accesses = live.accesses;
}

/* base + offset with additions of constants looked through; what grouping compares. */
static IrValue resolve_base(const IrRegion *region, IrValue base, int64_t *offset)
{
    for (;;) {
        const IrOp *op = &region->ops[base];
        const IrOp *right = &region->ops[op->arg[1]];
        if (op->op != IR_ADD || op->type != IR_I64 || right->op != IR_CONST) {
            return base;
        }
        *offset = (int64_t)((uint64_t)*offset + right->imm);
        base = op->arg[0];
    }
}

/* Room that a group may span, in ops and bytes: code behind a failed check is emitted twice. */
enum { GROUP_MAX_OPS = 64, GROUP_MAX_SPAN = 2048, OPEN_GROUPS = 4 };

/* A group still being collected. */
typedef struct {
    IrValue root;
    int64_t low, high;    /* relative to root; high exclusive */
    int64_t first_offset; /* of the first member's own base, relative to root */
    int index;            /* in IrGroups */
} OpenGroup;

typedef struct {
    const IrRegion *region;
    IrGroups *groups;
    OpenGroup open[OPEN_GROUPS];
    unsigned open_count;
} Grouping;

static void close_group(Grouping *g, unsigned i)
{
    IrGroup *group = &g->groups->group[g->open[i].index];

    group->low = (int64_t)((uint64_t)g->open[i].low - (uint64_t)g->open[i].first_offset);
    group->span = g->open[i].high - g->open[i].low;
    g->open[i] = g->open[--g->open_count];
}

static void close_all(Grouping *g)
{
    while (g->open_count) {
        close_group(g, 0);
    }
}

static bool join_group(Grouping *g, uint32_t at, IrValue root, int64_t low, int64_t high)
{
    const IrOp *op = &g->region->ops[at];

    for (unsigned i = 0; i < g->open_count; i++) {
        OpenGroup *open = &g->open[i];
        IrGroup *group = &g->groups->group[open->index];
        int64_t new_low = MIN(low, open->low), new_high = MAX(high, open->high);

        if (open->root != root || group->bank != op->mem.bank ||
            (uint64_t)new_high - (uint64_t)new_low > GROUP_MAX_SPAN ||
            at - group->first > GROUP_MAX_OPS) {
            continue;
        }
        open->low = new_low;
        open->high = new_high;
        group->last = at;
        group->members++;
        group->write |= op->op == IR_STORE;
        g->groups->of_op[at] = open->index;
        return true;
    }
    return false;
}

static void start_group(Grouping *g, uint32_t at, IrValue root, int64_t low, int64_t high)
{
    const IrOp *op = &g->region->ops[at];

    if (g->groups->count == IR_MAX_GROUPS) {
        return;
    }
    if (g->open_count == OPEN_GROUPS) {
        close_group(g, 0);
    }
    g->groups->group[g->groups->count] = (IrGroup){
        .first = at,
        .last = at,
        .base = op->arg[0],
        .bank = op->mem.bank,
        .write = op->op == IR_STORE,
        .members = 1,
    };
    g->open[g->open_count++] = (OpenGroup){
        .root = root,
        .low = low,
        .high = high,
        .first_offset = (int64_t)((uint64_t)low - op->imm),
        .index = g->groups->count,
    };
    g->groups->of_op[at] = g->groups->count++;
}

static void visit_access(Grouping *g, uint32_t at)
{
    const IrOp *op = &g->region->ops[at];
    int64_t low = op->imm;
    IrValue root = resolve_base(g->region, op->arg[0], &low);
    int64_t high;

    if (op->mem.align || __builtin_add_overflow(low, 1 << op->mem.size_log2, &high)) {
        return;
    }
    if (!join_group(g, at, root, low, high)) {
        start_group(g, at, root, low, high);
    }
}

/* Single accesses have nothing to share: renumber so that only real groups remain. */
static void drop_singles(const IrRegion *region, IrGroups *groups)
{
    int8_t renumbered[IR_MAX_GROUPS];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < groups->count; i++) {
        renumbered[i] = groups->group[i].members > 1 ? (int8_t)kept : -1;
        if (groups->group[i].members > 1) {
            groups->group[kept++] = groups->group[i];
        }
    }
    for (uint32_t at = 1; groups->count && at < region->count; at++) {
        if (groups->of_op[at] >= 0) {
            groups->of_op[at] = renumbered[groups->of_op[at]];
        }
    }
    groups->count = kept;
}

void ir_find_groups(const IrRegion *region, IrGroups *groups)
{
    Grouping g = { .region = region, .groups = groups };

    groups->count = 0;
    memset(groups->of_op, -1, region->count);
    for (uint32_t at = 1; at < region->count; at++) {
        const IrOp *op = &region->ops[at];
        switch (op->op) {
        case IR_LOAD:
        case IR_STORE: visit_access(&g, at); break;
        case IR_CALL:
        case IR_ATOMIC:
        case IR_CAS:
        case IR_FENCE:
        case IR_LABEL:
        case IR_BR:
        case IR_BRCOND: close_all(&g); break;
        default: break;
        }
    }
    close_all(&g);
    drop_singles(region, groups);
}
