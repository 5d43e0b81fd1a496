/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding and running commands. */
#include "schema/command.h"

#include <string.h>

#include "util/error.h"
#include "util/nearest.h"

static const char *nearest_command(const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const SchemaCommand *command = schema_commands; command->name; command++) {
        g_ptr_array_add(names, (gpointer)command->name);
    }
    g_ptr_array_add(names, NULL);
    return nearest_word(name, (const char *const *)names->pdata);
}

const SchemaCommand *schema_command_find(const char *name, GError **errp)
{
    for (const SchemaCommand *command = schema_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    const char *near = nearest_command(name);
    if (near) {
        error_set_class(errp, ERROR_COMMAND_NOT_FOUND,
                        "there is no command '%s'; did you mean '%s'?", name, near);
    } else {
        error_set_class(errp, ERROR_COMMAND_NOT_FOUND,
                        "there is no command '%s'; query-commands lists all", name);
    }
    return NULL;
}

static JsonNode *reply_of(const SchemaCommand *command, void *result)
{
    if (!command->result) {
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(node, json_object_new());
        return node;
    }
    JsonNode *node = schema_build(command->result, result);
    schema_free(command->result, result);
    return node;
}

JsonNode *schema_command_run(const SchemaCommand *command, CommandContext *context,
                             JsonObject *arguments, GError **errp)
{
    static const SchemaType no_arguments = { .name = "none", .kind = SCHEMA_KIND_OBJECT };
    const SchemaType *type = command->dynamic_args ? command->dynamic_args() : command->args;
    g_autoptr(JsonObject) empty = json_object_new();
    bool raw = command->open || command->dynamic_args;
    void *args = NULL, *result = NULL;
    arguments = arguments ? arguments : empty;
    if (!type || raw) {
        if (!schema_check(type ? type : &no_arguments, arguments, command->open, errp)) {
            return NULL;
        }
    } else {
        args = schema_parse(type, arguments, false, errp);
        if (!args) {
            return NULL;
        }
    }
    bool ok = command->call(context, raw ? arguments : args, &result, errp);
    if (args) {
        schema_free(type, args);
    }
    return ok ? reply_of(command, result) : NULL;
}
