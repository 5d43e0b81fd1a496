/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that ask for what the host and this program offer. Clients tell by the class of the
 * error that a thing is absent. */
#include "schema/commands.h"
#include "util/error.h"

QmpSevInfo *qmp_query_sev(CommandContext *context, GError **errp)
{
    error_set(errp, "SEV is not available: guest memory is never encrypted");
    return NULL;
}

QmpSevCapability *qmp_query_sev_capabilities(CommandContext *context, GError **errp)
{
    error_set(errp, "SEV is not enabled: guest memory is never encrypted");
    return NULL;
}

QmpSgxInfo *qmp_query_sgx(CommandContext *context, GError **errp)
{
    error_set(errp, "SGX is not available: machines have no enclaves");
    return NULL;
}

QmpSgxInfo *qmp_query_sgx_capabilities(CommandContext *context, GError **errp)
{
    error_set(errp, "SGX is not enabled: machines have no enclaves");
    return NULL;
}

GPtrArray *qmp_query_gic_capabilities(CommandContext *context, GError **errp)
{
    return g_ptr_array_new(); /* no machine has one */
}

GPtrArray *qmp_query_migrate_capabilities(CommandContext *context, GError **errp)
{
    return g_ptr_array_new(); /* machines stay where they are */
}

GPtrArray *qmp_query_tpm_models(CommandContext *context, GError **errp)
{
    return g_ptr_array_new();
}

GPtrArray *qmp_query_tpm_types(CommandContext *context, GError **errp)
{
    return g_ptr_array_new();
}

QmpDisplayOptions *qmp_query_display_options(CommandContext *context, GError **errp)
{
    QmpDisplayOptions *options = qmp_display_options_new();
    options->type = QMP_DISPLAY_TYPE_NONE;
    return options;
}
