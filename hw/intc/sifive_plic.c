/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Platform-level interrupt controller for level-triggered sources.
 * Spec: RISC-V Platform-Level Interrupt Controller 1.0.0.
 */
#include "hw/intc/sifive_plic.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/irq_info.h"
#include "hw/core/sysbus.h"
#include "util/error.h"
#include "util/log.h"

/* Chapter 3, memory map. */
enum {
    PENDING_BASE = 0x1000,
    ENABLE_BASE = 0x2000,
    ENABLE_STRIDE = 0x80,
    CONTEXT_BASE = 0x200000,
    CONTEXT_STRIDE = 0x1000,
    CONTEXT_THRESHOLD = 0,
    CONTEXT_CLAIM = 4,
    WORDS = (SIFIVE_PLIC_MAX_SOURCES + 1) / 32,
};

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Irq **irqs;
    uint32_t source_count;  /* property; numbers 1..source_count */
    uint32_t context_count; /* property */
    /* guest state */
    uint8_t priority[SIFIVE_PLIC_MAX_SOURCES + 1];
    uint32_t level[WORDS];   /* input lines */
    uint32_t pending[WORDS]; /* IP: requests that the gateways have forwarded */
    uint32_t claimed[WORDS]; /* forwarded, claimed and not completed: the gateway is closed */
    uint8_t *threshold;      /* by context */
    uint32_t *enable;        /* WORDS by context */
    uint32_t threshold_bytes, enable_bytes;
    uint64_t counts[SIFIVE_PLIC_MAX_SOURCES + 1]; /* requests forwarded, for people */
} SifivePlic;

static bool bit_test(const uint32_t *bits, unsigned n)
{
    return bits[n / 32] >> (n % 32) & 1;
}

static void bit_assign(uint32_t *bits, unsigned n, bool value)
{
    bits[n / 32] = (bits[n / 32] & ~(1u << n % 32)) | (uint32_t)value << n % 32;
}

/* Chapter 4: highest priority first, then lowest number; priority 0 never interrupts. 0: none. */
static unsigned best_source(const SifivePlic *plic, unsigned context)
{
    const uint32_t *enable = plic->enable + context * WORDS;
    unsigned best = 0, best_priority = 0;
    for (unsigned word = 0; word <= plic->source_count / 32; word++) {
        uint32_t candidates = plic->pending[word] & enable[word];
        while (candidates) {
            unsigned source = word * 32 + __builtin_ctz(candidates);
            candidates &= candidates - 1;
            if (plic->priority[source] > best_priority) {
                best = source;
                best_priority = plic->priority[source];
            }
        }
    }
    return best;
}

static void update_context(SifivePlic *plic, unsigned context)
{
    unsigned best = best_source(plic, context);
    irq_set(plic->irqs[context], best && plic->priority[best] > plic->threshold[context]);
}

static void update_all(SifivePlic *plic)
{
    for (unsigned i = 0; i < plic->context_count; i++) {
        update_context(plic, i);
    }
}

/* After a change of @source only the contexts that listen to it can change. */
static void update_source(SifivePlic *plic, unsigned source)
{
    for (unsigned i = 0; i < plic->context_count; i++) {
        if (bit_test(plic->enable + i * WORDS, source)) {
            update_context(plic, i);
        }
    }
}

/* Chapter 2: the gateway forwards one request at a time, and a forwarded request is not withdrawn.
 */
static void gateway_forward(SifivePlic *plic, unsigned source)
{
    if (bit_test(plic->level, source) && !bit_test(plic->claimed, source) &&
        !bit_test(plic->pending, source)) {
        TRACE(sifive_plic_pending, "source=%u", source);
        bit_assign(plic->pending, source, true);
        plic->counts[source]++;
        update_source(plic, source);
    }
}

static void source_changed(void *opaque, unsigned source, int level)
{
    SifivePlic *plic = opaque;
    bit_assign(plic->level, source, level != 0);
    gateway_forward(plic, source);
}

/* Chapter 7; the threshold does not matter here. */
static uint32_t claim(SifivePlic *plic, unsigned context)
{
    unsigned source = best_source(plic, context);
    TRACE(sifive_plic_claim, "context=%u source=%u", context, source);
    if (source) {
        bit_assign(plic->pending, source, false);
        bit_assign(plic->claimed, source, true);
        update_source(plic, source);
    }
    return source;
}

/* Chapter 8: a number that is not enabled for this context is ignored. */
static void complete(SifivePlic *plic, unsigned context, uint32_t source)
{
    if (source == 0 || source > plic->source_count ||
        !bit_test(plic->enable + context * WORDS, source)) {
        log_guest_error("sifive-plic: context %u completes source %u, which is not enabled there\n",
                        context, source);
        return;
    }
    TRACE(sifive_plic_complete, "context=%u source=%u", context, source);
    bit_assign(plic->claimed, source, false);
    gateway_forward(plic, source);
}

/* Which bits of an enable or pending word stand for sources that exist. */
static uint32_t valid_mask(const SifivePlic *plic, unsigned word)
{
    unsigned first = word * 32;
    if (first > plic->source_count) {
        return 0;
    }
    uint32_t mask =
        plic->source_count - first >= 31 ? UINT32_MAX : (2u << (plic->source_count - first)) - 1;
    return word ? mask : mask & ~1u;
}

static bool enable_word(const SifivePlic *plic, hwaddr offset, unsigned *context, unsigned *word)
{
    *context = (offset - ENABLE_BASE) / ENABLE_STRIDE;
    *word = (offset - ENABLE_BASE) % ENABLE_STRIDE / 4;
    return *context < plic->context_count;
}

static uint64_t plic_read(void *opaque, hwaddr offset, unsigned size)
{
    SifivePlic *plic = opaque;
    unsigned context, word;
    if (offset < PENDING_BASE) {
        return offset / 4 <= plic->source_count ? plic->priority[offset / 4] : 0;
    }
    if (offset < PENDING_BASE + WORDS * 4) {
        return plic->pending[(offset - PENDING_BASE) / 4];
    }
    if (offset >= ENABLE_BASE && offset < CONTEXT_BASE &&
        enable_word(plic, offset, &context, &word)) {
        return plic->enable[context * WORDS + word];
    }
    if (offset >= CONTEXT_BASE && (offset - CONTEXT_BASE) / CONTEXT_STRIDE < plic->context_count) {
        context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;
        switch (offset % CONTEXT_STRIDE) {
        case CONTEXT_THRESHOLD: return plic->threshold[context];
        case CONTEXT_CLAIM: return claim(plic, context);
        }
    }
    log_guest_error("sifive-plic: read of reserved offset %#" PRIx64 "\n", offset);
    return 0;
}

/* Priorities and thresholds are WARL: only the low bits exist. */
static void plic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    SifivePlic *plic = opaque;
    unsigned context, word;
    if (offset < PENDING_BASE && offset / 4 >= 1 && offset / 4 <= plic->source_count) {
        plic->priority[offset / 4] = value & SIFIVE_PLIC_MAX_PRIORITY;
        update_source(plic, offset / 4);
        return;
    }
    if (offset >= ENABLE_BASE && offset < CONTEXT_BASE &&
        enable_word(plic, offset, &context, &word)) {
        plic->enable[context * WORDS + word] = value & valid_mask(plic, word);
        update_context(plic, context);
        return;
    }
    if (offset >= CONTEXT_BASE && (offset - CONTEXT_BASE) / CONTEXT_STRIDE < plic->context_count) {
        context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;
        switch (offset % CONTEXT_STRIDE) {
        case CONTEXT_THRESHOLD:
            plic->threshold[context] = value & SIFIVE_PLIC_MAX_PRIORITY;
            update_context(plic, context);
            return;
        case CONTEXT_CLAIM: complete(plic, context, value); return;
        }
    }
    log_guest_error("sifive-plic: write of reserved or read-only offset %#" PRIx64 "\n", offset);
}

static const MemoryOps plic_ops = {
    .read = plic_read, .write = plic_write, .min_access = 4, .max_access = 4
};

static bool plic_realize(Device *dev, GError **errp)
{
    SifivePlic *plic = container_of(dev, SifivePlic, sysbus.device);
    plic->irqs = g_new0(Irq *, plic->context_count);
    plic->threshold = g_new0(uint8_t, plic->context_count);
    plic->enable = g_new0(uint32_t, (size_t)plic->context_count * WORDS);
    plic->threshold_bytes = plic->context_count;
    plic->enable_bytes = plic->context_count * WORDS * 4;
    device_add_irq_inputs(dev, NULL, source_changed, plic, plic->source_count + 1);
    device_add_irq_outputs(dev, NULL, plic->irqs, plic->context_count);
    memory_region_init_io(&plic->mmio, &dev->object, &plic_ops, plic, "sifive-plic",
                          CONTEXT_BASE + (uint64_t)plic->context_count * CONTEXT_STRIDE);
    sysbus_add_mmio(&plic->sysbus, &plic->mmio);
    return true;
}

static void plic_unrealize(Device *dev)
{
    SifivePlic *plic = container_of(dev, SifivePlic, sysbus.device);
    g_clear_pointer(&plic->irqs, g_free);
    g_clear_pointer(&plic->threshold, g_free);
    g_clear_pointer(&plic->enable, g_free);
}

/* Input levels belong to the devices outside; what they still hold up is forwarded again when it is
 * enabled. */
static void plic_reset(Device *dev)
{
    SifivePlic *plic = container_of(dev, SifivePlic, sysbus.device);
    memset(plic->priority, 0, sizeof(plic->priority));
    memset(plic->claimed, 0, sizeof(plic->claimed));
    memset(plic->threshold, 0, plic->threshold_bytes);
    memset(plic->enable, 0, plic->enable_bytes);
    memcpy(plic->pending, plic->level, sizeof(plic->pending));
    update_all(plic);
}

static bool plic_post_load(void *opaque, uint32_t version, GError **errp)
{
    SifivePlic *plic = opaque;
    bool fits = plic->threshold_bytes == plic->context_count &&
                plic->enable_bytes == plic->context_count * WORDS * 4;
    plic->threshold_bytes = plic->context_count;
    plic->enable_bytes = plic->context_count * WORDS * 4;
    if (!fits) {
        error_set(errp, "sifive-plic: saved with another number of contexts than %u",
                  plic->context_count);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(plic->priority); i++) {
        plic->priority[i] &= SIFIVE_PLIC_MAX_PRIORITY;
    }
    for (unsigned word = 0; word < WORDS; word++) {
        plic->level[word] &= valid_mask(plic, word);
        plic->pending[word] &= valid_mask(plic, word);
        plic->claimed[word] &= valid_mask(plic, word);
        for (unsigned i = 0; i < plic->context_count; i++) {
            plic->enable[i * WORDS + word] &= valid_mask(plic, word);
        }
    }
    update_all(plic);
    return true;
}

static const Property plic_properties[] = {
    PROPERTY_U32("num-sources", SifivePlic, source_count, 96, .min = 1,
                 .max = SIFIVE_PLIC_MAX_SOURCES, .help = "number of interrupt sources"),
    PROPERTY_U32("num-contexts", SifivePlic, context_count, 2, .min = 1,
                 .max = SIFIVE_PLIC_MAX_CONTEXTS,
                 .help = "number of contexts (hart and privilege mode) that take interrupts"),
    {},
};

static const VmState plic_vmstate = {
    .version = 1,
    .post_load = plic_post_load,
    .fields =
        (const VmField[]){
            VM_U8_ARRAY(SifivePlic, priority),
            VM_U32_ARRAY(SifivePlic, level),
            VM_U32_ARRAY(SifivePlic, pending),
            VM_U32_ARRAY(SifivePlic, claimed),
            VM_VBUFFER(SifivePlic, threshold, threshold_bytes, SIFIVE_PLIC_MAX_CONTEXTS),
            VM_VBUFFER(SifivePlic, enable, enable_bytes, SIFIVE_PLIC_MAX_CONTEXTS *WORDS * 4),
            {},
        },
};

static void plic_describe(Object *obj, GString *out)
{
    const SifivePlic *plic = container_of(obj, SifivePlic, sysbus.device.object);
    for (unsigned source = 1; source <= plic->source_count; source++) {
        if (plic->priority[source]) {
            g_string_append_printf(out, "plic: source %-3u priority=%u%s%s%s\n", source,
                                   plic->priority[source],
                                   bit_test(plic->level, source) ? " raised" : "",
                                   bit_test(plic->pending, source) ? " pending" : "",
                                   bit_test(plic->claimed, source) ? " claimed" : "");
        }
    }
    for (unsigned context = 0; context < plic->context_count; context++) {
        g_string_append_printf(out, "plic: context %-3u threshold=%u next=%u\n", context,
                               plic->threshold[context], best_source(plic, context));
    }
}

static const uint64_t *plic_counts(Object *obj, unsigned *inputs)
{
    const SifivePlic *plic = container_of(obj, SifivePlic, sysbus.device.object);
    *inputs = plic->source_count + 1;
    return plic->counts;
}

static const IrqInfoOps plic_irq_info = { plic_describe, plic_counts };
static const InterfaceEntry plic_interfaces[] = { { &irq_info_interface, &plic_irq_info }, {} };

const DeviceClass sifive_plic_class = {
    .object = { .name = "sifive-plic",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(SifivePlic),
                .properties = plic_properties,
                .interfaces = plic_interfaces },
    .summary = "RISC-V platform-level interrupt controller",
    .realize = plic_realize,
    .unrealize = plic_unrealize,
    .reset = plic_reset,
    .vmstate = &plic_vmstate,
};
CLASS_REGISTER(sifive_plic_class);
