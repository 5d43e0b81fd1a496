/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a processor has: words as CPUID shows them, and the switches that -cpu sets. */
#pragma once

#include "target/x86/cpu.h"

/* Indices of X86Config.features. */
typedef enum {
    X86_WORD_1_EDX,
    X86_WORD_1_ECX,
    X86_WORD_6_EAX,
    X86_WORD_7_EBX,
    X86_WORD_7_ECX,
    X86_WORD_7_EDX,
    X86_WORD_7_1_EAX,
    X86_WORD_D_1_EAX,
    X86_WORD_80000001_EDX,
    X86_WORD_80000001_ECX,
    X86_WORD_80000007_EDX,
    X86_WORD_80000008_EBX,
    X86_WORDS,
} X86FeatureWord;

_Static_assert((int)X86_WORDS <= (int)X86_FEATURE_WORDS, "room in X86Config");

typedef enum {
#define FEATURE(word, bit, name, text, offered, needs) \
    X86_FEATURE_##name = X86_WORD_##word * 32 + (bit),
#include "target/x86/features.def"
#undef FEATURE
} X86Feature;

/** x86_has - constant after realize */
static inline bool x86_has(const X86Cpu *cpu, X86Feature feature)
{
    return cpu->config.features[feature / 32] >> feature % 32 & 1;
}

/** x86_features_set, _clear - switch the features of @list (names with blanks between) */
void x86_features_set(X86Config *config, const char *list);
void x86_features_clear(X86Config *config, const char *list);
/** x86_features_settle - switch off what is not offered, and what misses it; names are added to
 * @lost (const char *) */
void x86_features_settle(X86Config *config, GPtrArray *lost);
/** x86_features_set_offered - switch on all that there is */
void x86_features_set_offered(X86Config *config);
/**
 * x86_features_realize - make config->features from the switches
 * @model: what was on before the user switched
 *
 * What is not offered is left out with a warning, or refused with config->enforce. What misses a
 * feature it needs goes off too, but an error if the user asked for it.
 */
bool x86_features_realize(X86Config *config, const X86FeatureSwitches *model, GError **errp);
