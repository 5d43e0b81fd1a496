/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From guest bytes to a block: fetch through the guest's tables, front end, passes, host code or
 * kept IR. */
#include <inttypes.h>
#include <string.h>

#include "accel/tcg/block_internal.h"
#include "accel/tcg/code_page_internal.h"
#include "accel/tcg/context_internal.h"
#include "accel/tcg/loop_internal.h"
#include "accel/tcg/tlb_internal.h"
#include "disas/disas.h"
#include "tcg/pass.h"
#include "util/log.h"

enum {
    MAX_BYTES = 1024, /* of guest code in one region: IR_MAX_INSNS of 15 bytes and some */
    TRIES = 4,        /* while other vCPUs change the code under us */
};

/* Scratch of one vCPU's translations. */
struct TcgTranslator {
    TcgTranslate t;
    IrRegion region;
    IrOp ops[IR_MAX_OPS];
    Cpu *cpu;
    bool once;        /* makes no block, fetches anything */
    unsigned fetched; /* bytes, from first_pc on */
    unsigned direct;  /* that many, and no more, can be read from host[0] without a further look */
    uint8_t bytes[MAX_BYTES];
    const uint8_t *host[2]; /* pages of first_pc and the next */
    TcgCodePage *page[2];
    bool raised, uncached;
    TcgCompiled code;
};

TcgTranslator *tcg_translator_new(void)
{
    return g_new0(TcgTranslator, 1);
}

void tcg_translator_free(TcgTranslator *translator)
{
    g_free(translator);
}

/* A block's own check failed: it must not go on. Its exit leads to its checked entry, which leaves.
 */
static uint64_t leave_unless(Cpu *cpu, bool right)
{
    if (!right) {
        atomic_fetch_or(&cpu->env.hot.irq, INT32_MIN);
    }
    return right;
}

/* Called by a block whose one instruction runs into the next page: is that still the same page? */
static uint64_t check_second_page(void *object, uint64_t address, uint64_t guard, uint64_t c,
                                  uint64_t d)
{
    Cpu *cpu = object;

    return leave_unless(cpu, cpu->env.hot.bank->guard[tcg_guard_index(address)] == guard);
}

static const IrHelper check_second_page_helper = {
    .name = "check_second_page", .fn = check_second_page, .result = IR_I64, .arguments = 2
};

/* Called by a block of a page that may be written directly. */
static uint64_t check_bytes(void *object, uint64_t block, uint64_t b, uint64_t c, uint64_t d)
{
    Cpu *cpu = object;

    return leave_unless(
        cpu, tcg_block_is_current(cpu->tcg->accel->blocks, (const TcgBlock *)(uintptr_t)block));
}

static const IrHelper check_bytes_helper = {
    .name = "check_bytes", .fn = check_bytes, .result = IR_I64, .arguments = 1
};

/* Leave for the loop, which looks again, unless @helper says yes. tcg_block_link() never links this
 * exit. */
static void emit_check(TcgTranslator *tr, const IrHelper *helper, uint64_t a, uint64_t b)
{
    IrBuilder *ir = &tr->t.ir;
    IrValue yes =
        ir_call(ir, helper, ir_i64(ir, a), helper->arguments > 1 ? ir_i64(ir, b) : 0, 0, 0);

    ir_exit_if(ir, IR_EQ, yes, ir_i64(ir, 0), tr->t.first_pc);
}

/* The page number @index (0, 1) of the region. False: not to be had. */
static bool open_page(TcgTranslator *tr, unsigned index)
{
    TcgBlocks *blocks = tr->cpu->tcg->accel->blocks;
    bool uncached;
    vaddr pc = tr->t.first_pc + index * TCG_PAGE_BYTES;
    const TcgFetchPage *page =
        tcg_fetch_page(tr->cpu, index ? pc & -(uint64_t)TCG_PAGE_BYTES : pc, &uncached);

    if (!page) {
        tr->uncached |= uncached;
        tr->raised |= !uncached;
        return false;
    }
    tr->host[index] = page->host;
    tr->page[index] = tcg_code_page(blocks, page->code);
    if (!index && !(pc & 1) && !tr->cpu->tcg->breakpoints->len) {
        tr->direct = MIN(TCG_PAGE_BYTES - pc % TCG_PAGE_BYTES, MAX_BYTES);
    }
    return true;
}

/* Device memory, and pages whose parts have different rights: ask for each piece. */
static bool fetch_uncached(TcgTranslator *tr, uint64_t pc, unsigned size, uint8_t *to)
{
    Cpu *cpu = tr->cpu;
    uint8_t bank = cpu->tcg->frontend->fetch_bank(cpu);

    for (unsigned i = 0; i < size;) {
        unsigned piece =
            MIN(size - i, 2 - ((pc + i) & 1)); /* no unit of rights is smaller than 4 bytes */
        const TcgTlbEntry *entry = tcg_tlb_find(cpu, pc + i, TCG_ACCESS_FETCH, bank);
        if (!entry) {
            tr->raised = true;
            return false;
        }
        hwaddr physical = entry->physical + (pc + i) % TCG_PAGE_BYTES;
        MemTxAttrs attrs = entry->attrs;
        attrs.fetch = 1;
        MemTxResult result = address_space_read(cpu->memory, physical, to + i, piece, attrs);
        if (result != MEMTX_OK && cpu->tcg->frontend->raise_bus_error) {
            cpu->tcg->frontend->raise_bus_error(cpu, pc + i, physical, TCG_ACCESS_FETCH, result);
            tr->raised = true;
            return false;
        }
        if (result != MEMTX_OK) {
            memset(to + i, 0xff, piece);
        }
        i += piece;
    }
    return true;
}

static bool fetch_cached(TcgTranslator *tr, uint64_t pc, unsigned size, uint8_t *to)
{
    unsigned at = tr->t.first_pc % TCG_PAGE_BYTES + (pc - tr->t.first_pc);

    if (at + size > TCG_PAGE_BYTES && !tr->host[1]) {
        if (tr->t.pc != tr->t.first_pc || !open_page(tr, 1)) {
            return false; /* an instruction that straddles pages is a region of its own */
        }
        g_mutex_lock(&tr->cpu->tcg->accel->blocks->lock);
        uint32_t guard = tcg_code_guard_locked(tr->cpu->tcg->accel->blocks, tr->page[1],
                                               tr->t.first_pc + TCG_PAGE_BYTES);
        g_mutex_unlock(&tr->cpu->tcg->accel->blocks->lock);
        emit_check(tr, &check_second_page_helper, tr->t.first_pc + TCG_PAGE_BYTES, guard);
        tr->t.max_insns = 1;
    }
    if (size == sizeof(uint16_t) && !(at % sizeof(uint16_t))) {
        uint16_t both =
            atomic_read((const uint16_t *)(tr->host[at >= TCG_PAGE_BYTES] + at % TCG_PAGE_BYTES));
        memcpy(to, &both, sizeof(both));
        return true;
    }
    for (unsigned i = 0; i < size; i++) {
        bool second = at + i >= TCG_PAGE_BYTES;
        to[i] = atomic_read(&tr->host[second][(at + i) % TCG_PAGE_BYTES]);
    }
    return true;
}

static __attribute__((noinline)) bool fetch(TcgTranslator *tr, uint64_t pc, unsigned size,
                                            uint64_t *value)
{
    TcgTranslate *t = &tr->t;
    uint64_t at = pc - t->first_pc, read = 0;

    if (at > tr->fetched || at + size > MAX_BYTES ||
        (pc == t->pc && pc != t->first_pc && tr->cpu->tcg->breakpoints->len &&
         tcg_breakpoint_at(tr->cpu, pc))) {
        return false;
    }
    if (at + size > tr->fetched) {
        uint8_t *to = tr->bytes + tr->fetched;
        unsigned more = at + size - tr->fetched;
        uint64_t from = t->first_pc + tr->fetched;
        if (!(tr->once ? fetch_uncached(tr, from, more, to) : fetch_cached(tr, from, more, to))) {
            return false;
        }
        tr->fetched += more;
    }
    memcpy(&read, tr->bytes + at, size);
    *value = GUINT64_FROM_LE(read);
    return true;
}

bool tcg_fetch(TcgTranslate *t, uint64_t pc, unsigned size, uint64_t *value)
{
    TcgTranslator *tr = container_of(t, TcgTranslator, t);
    unsigned at = tr->fetched;

    if (pc != t->first_pc + at || size != sizeof(uint16_t) || at + sizeof(uint16_t) > tr->direct) {
        return fetch(tr, pc, size, value);
    }
    uint16_t both = atomic_read((const uint16_t *)(tr->host[0] + pc % TCG_PAGE_BYTES));
    memcpy(tr->bytes + at, &both, sizeof(both));
    tr->fetched = at + sizeof(both);
    *value = GUINT16_FROM_LE(both);
    return true;
}

static void begin(TcgTranslator *tr, Cpu *cpu, uint64_t pc, unsigned max_insns, bool once)
{
    const TcgFrontend *frontend = cpu->tcg->frontend;

    tr->cpu = cpu;
    tr->once = once;
    tr->fetched = tr->direct = 0;
    tr->raised = tr->uncached = false;
    tr->host[0] = tr->host[1] = NULL;
    tr->page[0] = tr->page[1] = NULL;
    tr->region = (IrRegion){ .ops = tr->ops,
                             .pc = pc,
                             .page_bits = TCG_PAGE_BITS,
                             .fp_profile = frontend->fp_profile,
                             .slots = frontend->slots,
                             .slot_count = frontend->slot_count,
                             .lazy_slots = frontend->lazy_slots };
    tr->t.cpu = cpu;
    tr->t.key = cpu->tcg->contexts->key;
    tr->t.pc = tr->t.first_pc = pc;
    tr->t.max_insns = max_insns;
    tr->t.done = false;
    ir_begin(&tr->t.ir, &tr->region);
}

static void log_guest(const TcgTranslator *tr)
{
    g_autoptr(GString) text = g_string_new(NULL);

    cpu_disassemble(tr->cpu, tr->bytes, tr->fetched, tr->t.first_pc, text);
    log_printf(LOG_IN_ASM, "guest code at %#" PRIx64 ", key %#" PRIx64 "\n%s", tr->t.first_pc,
               tr->t.key, text->str);
}

static void log_region(const TcgTranslator *tr, uint32_t item, const char *when)
{
    if (log_enabled(item) && log_in_filter(tr->t.first_pc)) {
        g_autoptr(GString) text = g_string_new(NULL);
        ir_dump(&tr->region, text);
        log_printf(item, "IR %s, %#" PRIx64 "\n%s", when, tr->t.first_pc, text->str);
    }
}

static void log_code(const TcgTranslator *tr)
{
    const TcgCompiled *code = &tr->code;

    if (log_enabled(LOG_OUT_ASM) && log_in_filter(tr->t.first_pc)) {
        g_autoptr(GString) text = g_string_new(NULL);
        disas_host(code->code, code->hot_bytes, (uintptr_t)code->code, text);
        g_string_append(text, "out of line:\n");
        disas_host(code->cold, code->cold_bytes, (uintptr_t)code->cold, text);
        log_printf(LOG_OUT_ASM, "host code of %#" PRIx64 ", %u + %u bytes\n%s", tr->t.first_pc,
                   code->hot_bytes, code->cold_bytes, text->str);
    }
}

/* Run the front end. */
static void build(TcgTranslator *tr)
{
    tr->cpu->tcg->frontend->translate(&tr->t);
    if (!tr->raised && !tr->uncached) {
        if (log_enabled(LOG_IN_ASM) && log_in_filter(tr->t.first_pc)) {
            log_guest(tr);
        }
        log_region(tr, LOG_OP, "as built");
    }
}

static IrRegion *keep_region(TcgChunk *chunk, const IrRegion *region)
{
    IrRegion *kept = tcg_chunk_alloc(chunk, sizeof(*kept));

    *kept = *region;
    kept->ops = tcg_chunk_alloc(chunk, region->count * sizeof(IrOp));
    memcpy(kept->ops, region->ops, region->count * sizeof(IrOp));
    return kept;
}

/* Offset @at from the start of the hot code: in which part of the block, and where. */
static bool place(const TcgCompiled *code, uint32_t at, uint16_t *in_part)
{
    bool cold = at >= code->hot_bytes;

    *in_part = cold ? at - (uint32_t)(code->cold - code->code) : at;
    return cold;
}

static void keep_link(const TcgCompiled *code, const TcgSite *site, unsigned index, TcgLink *link)
{
    *link = (TcgLink){ .index = index, .flags = site->check ? LINK_CHECK : 0 };
    link->flags |= place(code, site->jump_at, &link->jump_at) ? LINK_JUMP_COLD : 0;
    if (site->guard_at) {
        link->flags |= place(code, site->guard_at, &link->guard_at) ? LINK_GUARD_COLD : 0;
    }
    g_assert(place(code, site->jump_at + sizeof(int32_t) + site->stub_rel, &link->stub_at));
}

/* What there is of host code goes into the description. */
static void keep_code(TcgBlocks *blocks, const TcgCompiled *code, TcgBlock *block)
{
    block->code = code->code - blocks->exec;
    block->cold = code->cold - blocks->exec;
    block->hot_bytes = code->hot_bytes;
    block->cold_bytes = code->cold_bytes;
    block->entry_checked = code->entry_checked;
    block->entry_unchecked = code->entry_unchecked;
    block->links = code->sites;
    block->unwind_bytes = code->unwind_size;
    for (unsigned i = 0; i < code->sites; i++) {
        keep_link(code, &code->site[i], i, &block->link[i]);
    }
    memcpy(&block->link[code->sites], code->unwind, code->unwind_size);
}

static void write_perf_map(const TcgBlocks *blocks, const TcgBlock *block)
{
    FILE *map = blocks->accel->perf_map;

    if (map) {
        fprintf(map, "%" PRIxPTR " %x guest_%" PRIx64 "\n",
                (uintptr_t)tcg_block_code(blocks, block), block->hot_bytes, block->pc);
        fprintf(map, "%" PRIxPTR " %x guest_%" PRIx64 "_cold\n",
                (uintptr_t)(blocks->exec + block->cold), block->cold_bytes, block->pc);
    }
}

static TcgCompileResult compile(TcgTranslator *tr, TcgChunk *chunk)
{
    ir_liveness(&tr->region);
    log_region(tr, LOG_OP_OPT, "after its passes");
    TcgCompileResult result =
        tcg_compile(tr->cpu->tcg->unit->backend, &tr->region, &chunk->space, &tr->code);
    if (result == TCG_COMPILED) {
        log_code(tr);
    }
    return result;
}

/* The description, where tcg_chunk_next_note() said that it would be. */
static TcgBlock *describe(TcgTranslator *tr, TcgChunk *chunk, uint8_t flags)
{
    const TcgCompiled *code = &tr->code;
    TcgBlocks *blocks = tr->cpu->tcg->accel->blocks;
    const TcgOptions *options = &blocks->accel->options;
    TcgBlock *block = tcg_chunk_note(
        blocks, chunk, sizeof(*block) + code->sites * sizeof(TcgLink) + code->unwind_size);

    *block = (TcgBlock){ .pc = tr->t.first_pc,
                         .key = tr->t.key,
                         .page = tr->page[0],
                         .unit = tr->cpu->tcg->unit->number,
                         .chunk = chunk - blocks->chunks,
                         .bytes = tr->fetched,
                         .insns = tr->region.insns,
                         .flags = flags };
    if (!options->interp) {
        keep_code(blocks, code, block);
    }
    if (tr->page[1]) {
        tcg_block_extend(blocks, block)->page = tr->page[1];
    }
    if (options->interp || options->lockstep) {
        tcg_block_extend(blocks, block)->region = keep_region(chunk, &tr->region);
    }
    if (flags & BLOCK_MIXED) {
        tcg_block_keep_bytes(blocks, block, tr->bytes);
    }
    tcg_chunk_add(blocks, chunk, block);
    if (!options->interp) {
        write_perf_map(blocks, block);
    }
    return block;
}

/* One try at a block of up to @max_insns. NULL: *@result says why, unless the translator's flags
 * do. */
static TcgBlock *try_translate(Cpu *cpu, uint64_t pc, TcgChunk *chunk, unsigned max_insns,
                               TcgCompileResult *result)
{
    TcgTranslator *tr = cpu->tcg->translator;
    uint8_t flags = 0;

    *result = TCG_COMPILED;
    begin(tr, cpu, pc, max_insns, false);
    if (!open_page(tr, 0)) {
        return NULL;
    }
    if (atomic_read(&tr->page[0]->mixed)) {
        flags |= BLOCK_MIXED;
        emit_check(tr, &check_bytes_helper, (uintptr_t)tcg_chunk_next_note(chunk), 0);
    }
    if (cpu->tcg->breakpoints->len && tcg_breakpoint_at(cpu, pc)) {
        flags |= BLOCK_NO_LINK;
    }
    build(tr);
    if (tr->raised || tr->uncached) {
        return NULL;
    }
    if (!cpu->tcg->accel->options.interp) {
        *result = compile(tr, chunk);
    }
    return *result == TCG_COMPILED ? describe(tr, chunk, flags) : NULL;
}

/* Stress: everything goes every so many blocks. */
static void flush_now_and_then(TcgAccel *accel)
{
    uint64_t every = accel->options.flush_every;

    if (every && atomic_read(&accel->blocks->built) % every == every - 1) {
        tcg_blocks_flush(accel->blocks);
        tcg_request_all(accel, TCG_REQUEST_TLB_FLUSH);
    }
}

TcgBlock *tcg_translate(Cpu *cpu, uint64_t pc, bool *once)
{
    TcgAccel *accel = cpu->tcg->accel;
    TcgBlocks *blocks = accel->blocks;
    unsigned max_insns = accel->options.one_insn ? 1 : IR_MAX_INSNS;
    TcgChunk *chunk = tcg_cache_chunk(blocks, cpu, false);
    TcgCompileResult result;

    *once = false;
    for (unsigned tries = 0; tries < TRIES;) {
        if (tcg_chunk_is_full(blocks, chunk)) {
            chunk = tcg_cache_chunk(blocks, cpu, true);
        }
        TcgBlock *block = try_translate(cpu, pc, chunk, max_insns, &result);
        if (!block && result == TCG_COMPILED) {
            *once = cpu->tcg->translator->uncached && !cpu->tcg->translator->raised;
            return NULL;
        }
        if (result == TCG_TOO_LONG || (result == TCG_NO_SPACE && chunk->count == 0)) {
            if (max_insns == 1) {
                break;
            }
            max_insns = MIN(max_insns, cpu->tcg->translator->region.insns) / 2;
            max_insns = MAX(max_insns, 1);
        } else if (result == TCG_NO_SPACE) {
            chunk = tcg_cache_chunk(blocks, cpu, true);
        } else {
            block = tcg_block_publish(blocks, block, cpu->tcg->translator->bytes, cpu);
            if (block) {
                cpu->tcg->stats.translated++;
                cpu->tcg->stats.insns += cpu->tcg->translator->region.insns;
                flush_now_and_then(accel);
                return block;
            }
            tries++;
        }
    }
    *once = true;
    return NULL;
}

TcgLeft tcg_run_once(Cpu *cpu, unsigned count, uint32_t *insns)
{
    TcgTranslator *tr = cpu->tcg->translator;

    begin(tr, cpu, cpu->env.hot.pc, MIN(count, IR_MAX_INSNS), true);
    build(tr);
    if (tr->raised) {
        *insns = 0;
        return TCG_LEFT_RAISE;
    }
    cpu->tcg->running_region = &tr->region;
    TcgLeft left = tcg_interp_run(&tr->region, &cpu->env, &tcg_runtime, insns);
    cpu->tcg->running_region = NULL;
    return left;
}
