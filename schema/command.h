/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: what every handler is given, and the table of all. */
#pragma once

#include "schema/event.h"

typedef struct Object Object;
typedef struct Machine Machine;
typedef struct Monitor Monitor;
typedef struct Vm Vm;

/* What a command acts upon. Handlers run in the main thread with the machine lock held. */
typedef struct {
    Vm *vm;       /* for commands of system/ */
    Object *root; /* of the composition tree */
    Machine *machine;
    const char *arch; /* "riscv64" */
    Monitor *monitor; /* who asks; NULL: the program itself */
    EventSink *events;
} CommandContext;

typedef struct {
    const char *name;
    const SchemaType *args;                  /* NULL: none, or dynamic */
    const SchemaType *(*dynamic_args)(void); /* made of what classes declare */
    const SchemaType *result;                /* NULL: an empty object */
    bool open;                               /* takes members that args does not know */
    bool oob;                                /* may overtake others: short, and waits for nothing */
    const char *const *features;             /* NULL: none */
    const char *summary;
    /* @args: the struct, or the JsonObject when open or dynamic */
    bool (*call)(CommandContext *context, void *args, void **result, GError **errp);
} SchemaCommand;

extern const SchemaCommand schema_commands[]; /* sorted by name; ends with {} */

/** schema_command_find - NULL with an error that knows the nearest name */
const SchemaCommand *schema_command_find(const char *name, GError **errp);
/**
 * schema_command_run - check @arguments (NULL: none) and call the handler
 *
 * Returns the reply, {} for commands without one; NULL with error.
 */
JsonNode *schema_command_run(const SchemaCommand *command, CommandContext *context,
                             JsonObject *arguments, GError **errp);
/** schema_introspect - what query-qmp-schema answers: every command and event, and their types */
JsonNode *schema_introspect(void);
