/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qom/object.h"

#include <string.h>

#include "qom/property.h"
#include "qom/root.h"

static GString *trail; /* what init and finalize did */

typedef struct {
    const char *(*sound)(void);
} NoiseOps;

static const Interface noise_interface = { "noise" };

typedef struct {
    ObjectClass object;
    const char *(*speak)(Object *obj);
    void (*unused)(Object *obj);
} AnimalClass;

typedef struct {
    Object object;
    bool tame;
    uint8_t legs;
    int32_t celsius;
    int64_t born;
    uint64_t weight;
    char *label;
    int colour;
    Object *friend;
    int secret;
} Animal;

static void animal_init(Object *obj)
{
    Animal *animal = container_of(obj, Animal, object);

    g_assert_cmpint(animal->legs, ==, 4); /* defaults come first */
    g_string_append(trail, "A");
}

static void animal_finalize(Object *obj)
{
    g_string_append(trail, "a");
}

static const char *animal_speak(Object *obj)
{
    return "...";
}

static char *secret_get(Object *obj)
{
    return g_strdup_printf("<%d>", container_of(obj, Animal, object)->secret);
}

static bool secret_set(Object *obj, const char *text, GError **errp)
{
    container_of(obj, Animal, object)->secret = atoi(text);
    return true;
}

static const char *const colours[] = { "black", "white", "brown", NULL };
static const AnimalClass animal_class;

static const Property animal_properties[] = {
    PROPERTY_BOOL("tame", Animal, tame, true, .help = "is it safe to touch"),
    PROPERTY_U8("legs", Animal, legs, 4, .max = 100),
    PROPERTY_I32("celsius", Animal, celsius, -5, .min = (uint64_t)-10, .max = 40),
    PROPERTY_I64("born", Animal, born, INT64_MIN),
    PROPERTY_SIZE("weight", Animal, weight, 1024, .live = true),
    PROPERTY_STRING("label", Animal, label, "nobody"),
    PROPERTY_ENUM("colour", Animal, colour, colours, 2),
    PROPERTY_LINK("friend", Animal, friend, animal_class),
    PROPERTY_TEXT("secret", secret_get, secret_set),
    PROPERTY_TEXT("seen", secret_get, NULL),
    {},
};

static const AnimalClass animal_class = {
    .object = { .name = "test-animal",
                .instance_size = sizeof(Animal),
                .abstract = true,
                .properties = animal_properties,
                .init = animal_init,
                .finalize = animal_finalize },
    .speak = animal_speak,
};
CLASS_REGISTER(animal_class);

static void dog_init(Object *obj)
{
    g_string_append(trail, "D");
}

static void dog_finalize(Object *obj)
{
    g_string_append(trail, "d");
}

static const char *bark(void)
{
    return "woof";
}

static const NoiseOps dog_noise = { bark };

static const AnimalClass dog_class = {
    .object = { .name = "test-dog",
                .parent = &animal_class.object,
                .init = dog_init,
                .finalize = dog_finalize,
                .interfaces = (const InterfaceEntry[]){ { &noise_interface, &dog_noise }, {} } },
};
CLASS_REGISTER(dog_class);

static Animal *dog_new(void)
{
    return (Animal *)object_new(&dog_class.object);
}

static void test_life_cycle_runs_parents_first_and_last(void)
{
    g_string_truncate(trail, 0);
    Animal *dog = dog_new();
    g_assert_cmpstr(trail->str, ==, "AD");
    object_ref(&dog->object);
    object_unref(&dog->object);
    g_assert_cmpstr(trail->str, ==, "AD");
    object_unref(&dog->object);
    g_assert_cmpstr(trail->str, ==, "ADda");
}

static void test_classes_are_found_and_inherit(void)
{
    g_assert_true(object_class_by_name("test-dog") == &dog_class.object);
    g_assert_null(object_class_by_name("test-do"));
    g_assert_true(object_class_is_a(&dog_class.object, &animal_class.object));
    g_assert_true(object_class_is_a(&dog_class.object, &object_class));
    g_assert_false(object_class_is_a(&animal_class.object, &dog_class.object));
    g_assert_cmpint(object_class_instance_size(&dog_class.object), ==, sizeof(Animal));
    Animal *dog = dog_new();
    const char *(*speak)(Object *) = CLASS_METHOD(&dog->object, animal_class, AnimalClass, speak);
    g_assert_cmpstr(speak(&dog->object), ==, "...");
    g_assert_null(CLASS_METHOD(&dog->object, animal_class, AnimalClass, unused));
    const NoiseOps *noise = object_interface(&dog->object, &noise_interface);
    g_assert_cmpstr(noise->sound(), ==, "woof");
    g_assert_true(object_cast(&dog->object, &animal_class.object) == dog);
    g_assert_null(object_cast(&dog->object, &container_class));
    g_assert_null(object_cast(NULL, &container_class));
    object_unref(&dog->object);
}

static void count_class(const ObjectClass *class, void *opaque)
{
    g_string_append_printf(opaque, "%s ", class->name);
}

static void test_foreach_is_sorted_and_has_abstract_ones(void)
{
    g_autoptr(GString) names = g_string_new(NULL);

    object_class_foreach(&animal_class.object, count_class, names);
    g_assert_cmpstr(names->str, ==, "test-animal test-dog ");
}

static void test_tree_has_paths(void)
{
    Object *root = object_new(&container_class);
    Object *machine = object_new_child(root, "machine", &container_class, NULL);
    Object *soc = object_new_child(machine, "soc", &container_class, NULL);
    Object *a = object_new_child(soc, "dog[*]", &dog_class.object, NULL);
    Object *b = object_new_child(machine, "dog[*]", &dog_class.object, NULL);
    Object *c = object_new_child(soc, "dog[*]", &dog_class.object, NULL);
    g_autoptr(GError) error = NULL;
    bool ambiguous;

    g_autofree char *path = object_path(c);
    g_assert_cmpstr(path, ==, "/machine/soc/dog[1]");
    g_autofree char *root_path = object_path(root);
    g_assert_cmpstr(root_path, ==, "/");
    g_assert_true(object_resolve(root, path, NULL) == c);
    g_assert_true(object_resolve(root, "/", NULL) == root);
    g_assert_null(object_resolve(root, "/machine/soc/dog[1]/x", NULL));
    g_assert_true(object_resolve(root, "dog[1]", &ambiguous) == c);
    g_assert_null(object_resolve(root, "dog[0]", &ambiguous));
    g_assert_true(ambiguous);
    g_assert_true(object_resolve(root, "soc/dog[0]", &ambiguous) == a);
    g_assert_null(object_resolve(root, "", &ambiguous));
    g_assert_true(object_root(c) == root);
    g_assert_null(object_new_child(soc, "dog[0]", &dog_class.object, &error));
    g_assert_cmpstr(error->message, ==, "/machine/soc already has a child 'dog[0]'");
    g_clear_error(&error);
    g_assert_null(object_new_child(soc, "a/b", &dog_class.object, &error));
    g_clear_error(&error);
    g_assert_true(property_set(b, "friend", "/machine/soc/dog[1]", NULL));
    g_assert_true(object_resolve(root, "/machine/dog[0]/friend", NULL) == c);
    g_string_truncate(trail, 0);
    object_unparent(c); /* b still refers to it */
    g_assert_cmpstr(trail->str, ==, "");
    object_unref(root);
    g_assert_cmpstr(trail->str, ==, "dadada");
}

static void assert_set_fails(Animal *dog, const char *name, const char *value, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(property_set(&dog->object, name, value, &error));
    g_assert_cmpstr(error->message, ==, message);
}

static void test_properties_are_parsed(void)
{
    static const char *const good[][2] = {
        { "tame", "off" },     { "legs", "100" },
        { "celsius", "-10" },  { "born", "9223372036854775807" },
        { "weight", "3072" },  { "label", "Rex" },
        { "colour", "black" },
    };
    Animal *dog = dog_new();

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(property_set(&dog->object, good[i][0], good[i][1], NULL));
        g_autofree char *text = property_get(&dog->object, good[i][0], NULL);
        g_assert_cmpstr(text, ==, good[i][1]);
    }
    g_assert_false(dog->tame);
    g_assert_cmpint(dog->celsius, ==, -10);
    g_assert_true(property_set(&dog->object, "weight", "1.5G", NULL));
    g_assert_cmpint(dog->weight, ==, 3ull << 29);
    g_assert_true(property_set(&dog->object, "weight", "0x10", NULL));
    g_assert_cmpint(dog->weight, ==, 16);
    g_assert_true(property_set_u64(&dog->object, "legs", 7, NULL));
    g_assert_true(property_set_bool(&dog->object, "tame", true, NULL));
    g_assert_cmpint(dog->legs, ==, 7);
    g_assert_true(property_set(&dog->object, "secret", "12", NULL));
    g_autofree char *secret = property_get(&dog->object, "seen", NULL);
    g_assert_cmpstr(secret, ==, "<12>");
    object_unref(&dog->object);
}

static void test_wrong_values_are_refused_in_one_line(void)
{
    Animal *dog = dog_new();

    assert_set_fails(dog, "lables", "x",
                     "test-dog has no property 'lables'; did you mean 'label'?");
    assert_set_fails(dog, "zzzz", "x", "test-dog has no property 'zzzz'");
    assert_set_fails(dog, "legs", "101",
                     "test-dog: property 'legs': '101' is not in the range 0 to 100");
    assert_set_fails(dog, "legs", "-1",
                     "test-dog: property 'legs': '-1' is not a number from 0 to 100");
    assert_set_fails(dog, "legs", "",
                     "test-dog: property 'legs': '' is not a number from 0 to 100");
    assert_set_fails(dog, "celsius", "41",
                     "test-dog: property 'celsius': '41' is not in the range -10 to 40");
    assert_set_fails(dog, "tame", "maybe",
                     "test-dog: property 'tame': 'maybe' is not 'on' or 'off'");
    assert_set_fails(dog, "colour", "brwon",
                     "test-dog: property 'colour': 'brwon' is not one of black, white, brown; "
                     "did you mean 'brown'?");
    assert_set_fails(dog, "colour", "x",
                     "test-dog: property 'colour': 'x' is not one of black, white, brown");
    assert_set_fails(dog, "weight", "1.5e3G",
                     "test-dog: property 'weight': '1.5e3G' is not a size (bytes, or a number with "
                     "suffix k, M, G, T, P or E)");
    assert_set_fails(dog, "seen", "1", "test-dog: property 'seen' can only be read");
    assert_set_fails(dog, "friend", "/nowhere",
                     "test-dog: property 'friend': there is no object '/nowhere'");
    static const char *const bad_sizes[] = { "",    "-1",  "16E", "99999999999999999999",
                                             "1.5", "1kk", "k" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad_sizes); i++) {
        g_assert_false(property_set(&dog->object, "weight", bad_sizes[i], NULL));
    }
    dog->object.frozen = true;
    assert_set_fails(dog, "legs", "3", "test-dog: property 'legs' cannot be changed any more");
    g_assert_true(property_set(&dog->object, "weight", "5", NULL));
    object_unref(&dog->object);
}

static void test_descriptions_have_type_and_default(void)
{
    static const char *const lines[][2] = {
        { "tame", "tame=<bool>            - is it safe to touch (default: on)" },
        { "celsius", "celsius=<int32>        - (default: -5)" },
        { "colour", "colour=<enum<black|white|brown>> - (default: brown)" },
        { "friend", "friend=<link<test-animal>>" },
        { "secret", "secret=<str>" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = property_describe(property_find(&dog_class.object, lines[i][0]));
        g_assert_cmpstr(line, ==, lines[i][1]);
    }
}

static void test_links_check_the_class(void)
{
    Animal *a = dog_new(), *b = dog_new();
    Object *box = object_new(&container_class);
    g_autoptr(GError) error = NULL;

    g_assert_true(property_set_link(&a->object, "friend", &b->object, NULL));
    g_assert_false(property_set_link(&a->object, "friend", box, &error));
    g_assert_cmpstr(error->message, ==,
                    "test-dog: property 'friend' takes a test-animal, not a container");
    g_assert_true(a->friend == &b->object);
    object_unref(&b->object);
    g_string_truncate(trail, 0);
    object_unref(&a->object);
    g_assert_cmpstr(trail->str, ==, "dada");
    object_unref(box);
}

static void test_globals_are_defaults_of_what_joins_the_tree(void)
{
    Object *root = object_new(&object_root_class);
    Animal *dog = dog_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(object_root_add_global(root, "test-animal", "celsius", "7", NULL));
    g_assert_true(object_root_add_global(root, "test-dog", "legs", "3", NULL));
    g_assert_true(object_root_add_global(root, "nobody", "legs", "x", NULL));
    g_assert_false(object_root_add_global(root, "test-dog", "legz", "3", &error));
    g_assert_cmpstr(error->message, ==, "test-dog has no property 'legz'; did you mean 'legs'?");

    Object *box = object_new(&container_class);
    g_assert_true(object_add_child(box, "dog", &dog->object, NULL));
    g_assert_cmpint(dog->legs, ==, 4);
    g_assert_true(object_add_child(root, "box", box, NULL));
    g_assert_cmpint(dog->legs, ==, 3);
    g_assert_cmpint(dog->celsius, ==, 7);
    g_assert_true(property_set(&dog->object, "legs", "2", NULL));
    g_assert_cmpint(dog->legs, ==, 2);
    object_unref(&dog->object);
    object_unref(box);
    object_unref(root);
}

static void test_globals_of_wrong_value_are_told_late(void)
{
    Object *root = object_new(&object_root_class);
    g_autoptr(GError) error = NULL, late = NULL;

    g_assert_true(object_root_add_global(root, "test-dog", "legs", "many", NULL));
    g_assert_null(object_new_child(root, "a", &dog_class.object, &error));
    g_assert_cmpstr(error->message, ==,
                    "-global test-dog.legs=many: test-dog: property 'legs': 'many' is not a number "
                    "from 0 to 100");
    g_assert_true(object_root_check(root, NULL));
    g_assert_nonnull(object_new_child(root, "a", &dog_class.object, NULL));
    g_assert_false(object_root_check(root, &late));
    g_assert_cmpstr(late->message, ==, error->message);
    object_unref(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    trail = g_string_new(NULL);
    g_test_add_func("/object/life", test_life_cycle_runs_parents_first_and_last);
    g_test_add_func("/object/classes", test_classes_are_found_and_inherit);
    g_test_add_func("/object/foreach", test_foreach_is_sorted_and_has_abstract_ones);
    g_test_add_func("/object/tree", test_tree_has_paths);
    g_test_add_func("/property/parse", test_properties_are_parsed);
    g_test_add_func("/property/refuse", test_wrong_values_are_refused_in_one_line);
    g_test_add_func("/property/describe", test_descriptions_have_type_and_default);
    g_test_add_func("/property/links", test_links_check_the_class);
    g_test_add_func("/root/globals", test_globals_are_defaults_of_what_joins_the_tree);
    g_test_add_func("/root/refused", test_globals_of_wrong_value_are_told_late);
    int status = g_test_run();
    g_string_free(trail, TRUE);
    return status;
}
