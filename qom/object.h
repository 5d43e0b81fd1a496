/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object model. A class is one const struct whose first member is its parent's class struct; an
 * instance struct starts with its parent's instance struct. See docs/devel/object-model.rst.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Object Object;
typedef struct ObjectClass ObjectClass;
typedef struct Property Property;

/* An interface is an address; its ops struct is declared by whoever owns the interface. */
typedef struct {
    const char *name;
} Interface;

typedef struct {
    const Interface *interface;
    const void *ops;
} InterfaceEntry;

struct ObjectClass {
    const char *name;
    const ObjectClass *parent; /* NULL: object_class */
    size_t instance_size;      /* 0: as the parent's */
    bool abstract;
    const Property *properties;       /* table ending with {}; added to the parent's */
    const InterfaceEntry *interfaces; /* table ending with {}; added to the parent's */
    /* An object that is a front for another, such as a PCI function for the device behind it: the
     * properties of class @front_for, by name, are also properties of this one, and are found in
     * @front_of(obj). */
    const char *front_for;
    Object *(*front_of)(Object *obj);
    void (*init)(Object *obj);     /* after property defaults were set; parents' first */
    void (*finalize)(Object *obj); /* parents' last */
};

/* Guarded by the machine lock except for refcount. */
struct Object {
    const ObjectClass *class;
    uint32_t refcount;
    bool on_heap;
    bool frozen; /* realized: only properties marked live may still be set */
    Object *parent;
    char *name;          /* within parent; NULL while not in a tree */
    GPtrArray *children; /* owned references, in order of addition; NULL when none */
};

extern const ObjectClass object_class;    /* abstract root of all classes */
extern const ObjectClass container_class; /* an object that only has children */

/* One pointer in a linker section: no code before main, no registry to edit. */
#define CLASS_REGISTER(class_variable)                     \
    static const ObjectClass *const class_variable##_entry \
        __attribute__((used, section("rhea_classes"))) = (const ObjectClass *)&(class_variable)

#define container_of(pointer, type, member) \
    ((type *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))

/* Classes */
const ObjectClass *object_class_by_name(const char *name);
bool object_class_is_a(const ObjectClass *class, const ObjectClass *ancestor);
/** object_class_foreach - every registered class below @ancestor (included), sorted by name;
 * abstract ones too */
void object_class_foreach(const ObjectClass *ancestor, void (*fn)(const ObjectClass *, void *),
                          void *opaque);
size_t object_class_instance_size(const ObjectClass *class);

/**
 * object_class_method - inherited method slot
 *
 * Reads the function pointer at @offset of the class struct, walking up while the slot is NULL. The
 * walk ends at @base, the class that introduced the slot.
 */
void *object_class_method(const ObjectClass *class, const ObjectClass *base, size_t offset);
#define CLASS_METHOD(object, base_class_variable, ClassType, slot) \
    ((__typeof__(((ClassType *)0)->slot))object_class_method(      \
        (object)->class, (const ObjectClass *)&(base_class_variable), offsetof(ClassType, slot)))

/* Instances */
/** object_new - heap instance with one reference, not yet in the tree */
Object *object_new(const ObjectClass *class);
/** object_init - caller's zeroed memory, which must outlive the object (embedded children); one
 * reference */
void object_init(Object *obj, const ObjectClass *class);
Object *object_ref(Object *obj);
void object_unref(Object *obj);

/** object_cast - NULL-safe checked cast; NULL when @obj is not a @class */
void *object_cast(Object *obj, const ObjectClass *class);
const void *object_interface(const Object *obj, const Interface *interface);

/* The tree */
/** object_init_child - object_init(), then the tree holds the one reference: for children embedded
 * in @parent */
void object_init_child(Object *parent, const char *name, Object *child, const ObjectClass *class);
/** object_new_child - heap child that only the tree refers to */
Object *object_new_child(Object *parent, const char *name, const ObjectClass *class, GError **errp);
/**
 * object_add_child - put @child below @parent under @name; the tree takes its own reference
 *
 * "name[*]" takes the first free number. Returns false (error set) if the name is taken.
 */
bool object_add_child(Object *parent, const char *name, Object *child, GError **errp);
/** object_unparent - out of its parent; drops the tree's reference, so @obj may be gone afterwards
 */
void object_unparent(Object *obj);
Object *object_child(Object *parent, const char *name);
/** object_path - canonical path from the root, e.g. "/machine/soc/uart0"; caller frees */
char *object_path(const Object *obj);
/** object_resolve - absolute path from @root, or a partial path if unique (*@ambiguous tells) */
Object *object_resolve(Object *root, const char *path, bool *ambiguous);
Object *object_root(Object *obj);
