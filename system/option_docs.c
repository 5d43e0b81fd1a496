/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of the build: prints the option table as manual page, as completion for bash, or for
 * the user's manual. */
#include <stdio.h>
#include <string.h>

#include "system/options.h"
#include "util/version.h"

typedef void CategoryFn(OptionCategory category);
typedef void RowFn(const OptionRow *row);

static void walk(CategoryFn *category_fn, RowFn *row_fn)
{
    for (OptionCategory category = 0; category < OPTION_CATEGORY_COUNT; category++) {
        category_fn(category);
        for (const OptionRow *row = option_table; row->name; row++) {
            if (row->category == category && row->help) {
                row_fn(row);
            }
        }
    }
}

/* roff takes a hyphen for a dash, and a leading dot or quote for a request. */
static void print_roff(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n') {
            fputs("\n.br", stdout);
        }
        if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n')) {
            fputs("\\&", stdout);
        }
        fputs(*p == '-' ? "\\-" : *p == '\\' ? "\\e" : (char[]){ *p, '\0' }, stdout);
    }
}

static void man_category(OptionCategory category)
{
    printf(".SS ");
    print_roff(option_category_title(category));
    putchar('\n');
}

static void man_row(const OptionRow *row)
{
    printf(".TP\n.B ");
    printf("\\-%s", row->name);
    if (row->alias) {
        printf("\\fR, \\fB\\-%s", row->alias);
    }
    if (row->syntax) {
        printf(" \\fI");
        print_roff(row->syntax);
    }
    printf("\\fR\n");
    print_roff(row->help);
    putchar('\n');
}

static void print_man(void)
{
    printf(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n.TH RHEA 1 \"\" \"Rhea %s\" \"User "
           "Commands\"\n",
           version_string());
    puts(".SH NAME\nrhea \\- full-system machine emulator\n.SH SYNOPSIS\n.B rhea system\n.I arch\n"
         "[\\fIoptions\\fR]\n.br\n.BI rhea\\-system\\- arch\n[\\fIoptions\\fR]\n.SH DESCRIPTION\n"
         "Rhea emulates a whole computer: its processors, memory, buses and devices.\n"
         "Values with a comma in them are written with the comma doubled. Where a list of names is "
         "meant,\n"
         ".B help\nas the argument prints it.\n.SH OPTIONS");
    walk(man_category, man_row);
    puts(".SH KEYS\nOn a \\-nographic console, Ctrl\\-A h lists the keys, Ctrl\\-A x leaves.\n"
         ".SH EXIT STATUS\n0 after a power\\-off or when ended by the user, 1 after an error, and "
         "what the guest asks for\n"
         "when it ends through a test device or semihosting.");
}

static void print_bash(void)
{
    puts("# SPDX-License-Identifier: GPL-2.0-or-later\n"
         "# Completion for bash; what follows an option that has a list comes from the program "
         "itself.\n"
         "_rhea() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
         "run=(\"${COMP_WORDS[0]}\")\n"
         "    [ \"${COMP_WORDS[1]}\" != system ] || run+=(system \"${COMP_WORDS[2]}\")\n"
         "    case $before in");
    printf("    ");
    const char *separator = "";
    for (const OptionRow *row = option_table; row->name; row++) {
        if (row->list && row->help) {
            printf("%s-%s", separator, row->name);
            separator = "|";
            if (row->alias) {
                printf("|-%s", row->alias);
            }
        }
    }
    puts(")\n"
         "        local names\n"
         "        names=$(\"${run[@]}\" \"$before\" help 2>/dev/null |\n"
         "            sed -n -e 's/^name \"\\([^\"]*\\)\".*/\\1/p;t' -e '/:$/d' -e "
         "'s/^ *\\([^ ]*\\).*/\\1/p')\n"
         "        COMPREPLY=($(compgen -W \"$names help\" -- \"$word\")) ;;");
    printf("    ");
    separator = "";
    for (const OptionRow *row = option_table; row->name; row++) {
        if (row->syntax && row->help && !row->list && !row->missing) {
            printf("%s-%s", separator, row->name);
            separator = "|";
        }
    }
    puts(")\n        COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    *)");
    printf("        COMPREPLY=($(compgen -W \"");
    for (const OptionRow *row = option_table; row->name; row++) {
        if (row->help) {
            printf("-%s ", row->name);
        }
    }
    puts("\" -- \"$word\")) ;;\n    esac\n}\n"
         "complete -F _rhea rhea rhea-system-aarch64 rhea-system-ppc64 rhea-system-riscv64 "
         "rhea-system-x86_64");
}

int main(int argc, char **argv)
{
    const char *format = argc == 2 ? argv[1] : "";
    if (strcmp(format, "man") == 0) {
        print_man();
    } else if (strcmp(format, "bash") == 0) {
        print_bash();
    } else {
        fputs("usage: option-docs man|bash\n", stderr);
        return 1;
    }
    return 0;
}
