/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features by name: what a model has, what the user switched, what can be had. */
#include "target/x86/features.h"

#include <string.h>

#include "util/error.h"
#include "util/log.h"

typedef struct {
    const char *text;
    const char *needs;
    uint16_t feature; /* X86Feature */
    bool offered;
    size_t offset; /* of its switch in X86FeatureSwitches */
} Feature;

static const Feature features[] = {
#define FEATURE(word, bit, name, text, offered, needs) \
    { text, needs, X86_FEATURE_##name, offered, offsetof(X86FeatureSwitches, name) },
#include "target/x86/features.def"
#undef FEATURE
};

static bool *switch_of(X86FeatureSwitches *switches, const Feature *feature)
{
    return (bool *)((char *)switches + feature->offset);
}

static const Feature *find(const char *text)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if (!strcmp(features[i].text, text)) {
            return &features[i];
        }
    }
    return NULL;
}

static void switch_list(X86FeatureSwitches *switches, const char *list, bool on)
{
    g_auto(GStrv) names = g_strsplit(list, " ", -1);

    for (char **name = names; *name; name++) {
        const Feature *feature = **name ? find(*name) : NULL;
        g_assert(feature || !**name);
        if (feature) {
            *switch_of(switches, feature) = on;
        }
    }
}

void x86_features_set(X86Config *config, const char *list)
{
    switch_list(&config->on, list, true);
}

void x86_features_clear(X86Config *config, const char *list)
{
    switch_list(&config->on, list, false);
}

void x86_features_set_offered(X86Config *config)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        *switch_of(&config->on, &features[i]) |= features[i].offered;
    }
}

/* Name of something that @feature needs and that is off, or NULL. */
static const char *missing(X86FeatureSwitches *on, const Feature *feature)
{
    g_auto(GStrv) needs = g_strsplit(feature->needs, " ", -1);

    for (char **need = needs; *need; need++) {
        const Feature *other = **need ? find(*need) : NULL;
        if (other && !*switch_of(on, other)) {
            return other->text;
        }
    }
    return NULL;
}

/* Off with what lacks something else, until nothing does. An error for what the user asked for. */
static bool drop_dependents(X86Config *config, const X86FeatureSwitches *model, GError **errp)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
            bool *on = switch_of(&config->on, &features[i]);
            const char *need = *on ? missing(&config->on, &features[i]) : NULL;
            if (!need) {
                continue;
            }
            if (!*switch_of((X86FeatureSwitches *)model, &features[i])) {
                error_set(errp, "%s needs %s (add +%s or -%s to -cpu)", features[i].text, need,
                          need, features[i].text);
                return false;
            }
            *on = false;
            changed = true;
        }
    }
    return true;
}

static void drop_absent(X86Config *config, GPtrArray *lost)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        bool *on = switch_of(&config->on, &features[i]);
        if (*on && !features[i].offered) {
            g_ptr_array_add(lost, (gpointer)features[i].text);
            *on = false;
        }
    }
}

void x86_features_settle(X86Config *config, GPtrArray *lost)
{
    drop_absent(config, lost);
    X86FeatureSwitches left = config->on;
    drop_dependents(config, &left, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if (*switch_of(&left, &features[i]) && !*switch_of(&config->on, &features[i])) {
            g_ptr_array_add(lost, (gpointer)features[i].text);
        }
    }
}

bool x86_features_realize(X86Config *config, const X86FeatureSwitches *model, GError **errp)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new();

    drop_absent(config, lost);
    guint count = lost->len;
    g_ptr_array_add(lost, NULL);
    g_autofree char *names = g_strjoinv(" ", (char **)lost->pdata);
    if (count && config->enforce) {
        error_set(errp, "the translator does not have these features: %s", names);
        return false;
    }
    if (count && config->check && !config->quiet) {
        g_printerr("warning: features that the translator does not have are left out: %s\n", names);
    }
    g_free(config->unavailable);
    config->unavailable = g_strjoinv(",", (char **)lost->pdata);
    if (!drop_dependents(config, model, errp)) {
        return false;
    }
    memset(config->features, 0, sizeof(config->features));
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if (*switch_of(&config->on, &features[i])) {
            config->features[features[i].feature / 32] |= 1u << features[i].feature % 32;
        }
    }
    return true;
}
