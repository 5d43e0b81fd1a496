/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of the human monitor: rows of tables. */
#pragma once

#include "schema/command.h"
#include "target/cpu.h"

enum { HUMAN_MAX_ARGS = 8 };

/* A line, taken apart. */
typedef struct {
    CommandContext context;
    unsigned cpu_index; /* a command may change it */
    char **args;        /* words after the command; options such as -f among them */
    unsigned count;
    char *rest;   /* all of them, as typed */
    char *format; /* what follows a "/" on the command's name; NULL */
    GString *out;
} HumanCall;

typedef struct {
    const char *name, *alias;
    const char *syntax;   /* of the arguments; "" for none. Those in [] may be left out, "..." takes
                             the rest of the line */
    const char *complete; /* what the arguments are, a letter each: see human_complete.c */
    const char *help;
    bool (*run)(HumanCall *call, GError **errp);
    bool formats; /* takes "/..." */
} HumanCommand;

/* Tables ending with {}. */
extern const HumanCommand human_commands[], human_topics[];

/* human_block.c */
bool human_info_block(HumanCall *call, GError **errp);
bool human_info_blockstats(HumanCall *call, GError **errp);
bool human_eject(HumanCall *call, GError **errp);
bool human_change(HumanCall *call, GError **errp);
bool human_block_resize(HumanCall *call, GError **errp);

/** human_find - row @name of @table; NULL with an error that knows the nearest */
const HumanCommand *human_find(const HumanCommand *table, const char *what, const char *name,
                               GError **errp);
/** human_words - split at blanks; "..." keeps them, with \" and \\ inside. NULL with error */
char **human_words(const char *text, GError **errp);
/** human_cpu - the processor that @call is about; NULL with error when there is none */
Cpu *human_cpu(HumanCall *call, GError **errp);
/** human_number - the value of an expression: numbers, $registers, + - * / % & | ^ ~ << >> () */
bool human_number(HumanCall *call, const char *text, uint64_t *value, GError **errp);
/** human_complete - words that could stand at the end of @start; see LineEditOps */
GPtrArray *human_complete(const CommandContext *context, const char *start, size_t *offset);
/** human_text - append with g_string_append_printf() */
#define human_text(call, ...) g_string_append_printf((call)->out, __VA_ARGS__)

typedef bool HumanRunFn(HumanCall *call, GError **errp);

/* char_commands.c */
HumanRunFn human_chardev_add, human_chardev_change;
/* human_devices.c */
HumanRunFn human_sendkey, human_mouse_move, human_mouse_button, human_nmi, human_port_read,
    human_port_write, human_info_pic, human_info_irq, human_info_mice, human_info_pci;
/* human_pages.c */
HumanRunFn human_gva2gpa, human_gpa2hva, human_info_tlb, human_info_mem, human_info_ramblock,
    human_info_roms;
/* human_memory.c */
HumanRunFn human_print, human_dump_virtual, human_dump_physical, human_memsave, human_pmemsave;
