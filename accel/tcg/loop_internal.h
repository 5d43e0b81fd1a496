/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a vCPU: threads, the loop, safepoints, translation, debugging. */
#pragma once

#include "accel/tcg/tcg_internal.h"

/* vcpu.c: threads */
bool tcg_vcpu_start(TcgAccel *accel, Cpu *cpu, GError **errp);
void tcg_vcpu_quit(TcgAccel *accel, Cpu *cpu);
/** tcg_vcpu_all_there - no vCPU will be added: the one thread of thread=single may begin */
void tcg_vcpu_all_there(TcgAccel *accel);
void tcg_vcpu_free(Cpu *cpu);
void tcg_vcpu_kick(Cpu *cpu);
void tcg_vcpu_resume_all(TcgAccel *accel);
void tcg_vcpu_pause_all(TcgAccel *accel);
/** tcg_request - ask @cpu for @bits (TCG_REQUEST_*) before it next runs guest code; any thread */
void tcg_request(Cpu *cpu, uint32_t bits);
void tcg_request_all(TcgAccel *accel, uint32_t bits);

/* loop.c */
/** tcg_loop_run - guest code of @cpu until it is asked to stop, halts or its budget is used up */
void tcg_loop_run(Cpu *cpu);
/** tcg_loop_is_idle - nothing to do until a kick */
bool tcg_loop_is_idle(Cpu *cpu);

/** tcg_loop_run_code - the host code of @block and what it is linked to */
TcgLeft tcg_loop_run_code(Cpu *cpu, TcgBlock *block, const void **site);

/* safepoint.c */
/** tcg_enter - @cpu is about to run guest code: waits for exclusive sections, serves requests */
void tcg_enter(Cpu *cpu);
void tcg_leave(Cpu *cpu);
/** tcg_epoch_begin - a new epoch: see tcg_epoch_passed(). Kicks those in guest code */
uint64_t tcg_epoch_begin(TcgAccel *accel, Cpu *self);
/** tcg_epoch_passed - every vCPU but @self has been out of guest code since the epoch began */
bool tcg_epoch_passed(TcgAccel *accel, uint64_t epoch, Cpu *self);
/** tcg_epoch_wait - until then. Context: @self is outside guest code */
void tcg_epoch_wait(TcgAccel *accel, uint64_t epoch, Cpu *self);
/** tcg_exclusive_begin - wait until no other vCPU is within an instruction; nests */
bool tcg_exclusive_begin(Cpu *cpu);
void tcg_exclusive_end(Cpu *cpu, bool began);

/* translate.c */
TcgTranslator *tcg_translator_new(void);
void tcg_translator_free(TcgTranslator *translator);
/** tcg_translate - a block for @pc in the present context. NULL: the fetch raised, or *@once: use
 * tcg_run_once() */
TcgBlock *tcg_translate(Cpu *cpu, uint64_t pc, bool *once);
/** tcg_run_once - up to @count instructions from the present pc, interpreted, nothing kept */
TcgLeft tcg_run_once(Cpu *cpu, unsigned count, uint32_t *insns);

/* lockstep.c */
TcgLockstep *tcg_lockstep_new(void);
void tcg_lockstep_free(TcgLockstep *lockstep);
/** tcg_lockstep_run - run @block interpreted and translated, and compare */
TcgLeft tcg_lockstep_run(Cpu *cpu, TcgBlock *block, const void **site);

/* debug.c */
/** tcg_unwind_running - where the call out of generated code that is under way, or raised, came
 * from */
void tcg_unwind_running(Cpu *cpu, TcgUnwound *at);
/** tcg_insns_after - instructions of the running block behind the one whose helper or slow path is
 * running */
uint32_t tcg_insns_after(Cpu *cpu);
bool tcg_breakpoint_at(const Cpu *cpu, vaddr pc);
/** tcg_debugger_stops_at - the debugger's breakpoint is at @pc: notes the stop for
 * tcg_debugger_report() */
bool tcg_debugger_stops_at(Cpu *cpu, vaddr pc);
/** tcg_debugger_report - tell the machine that this vCPU stops, if it has a reason. True: it does,
 * and has left guest code */
bool tcg_debugger_report(Cpu *cpu);
/** tcg_debugger_points - see AccelClass.set_points */
bool tcg_debugger_points(TcgAccel *accel, const CpuPoint *points, unsigned count);
/** tcg_debugger_attach - give a new vCPU the points that the others have */
void tcg_debugger_attach(TcgAccel *accel, Cpu *cpu);
/** tcg_watch_hit - does a watched range overlap the access? True: the front end raised */
bool tcg_watch_hit(Cpu *cpu, vaddr address, unsigned length, TcgAccess access);
