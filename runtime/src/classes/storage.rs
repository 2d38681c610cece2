//! Allocation, traversal, clearing and deallocation of laid-out objects.
//!
//! An object is CPython's header and one word for each field. CPython knows the words as slots of the type but never touches them: its own
//! traversal and clearing of slots stop at a type that has functions of its own, and so does the deallocation of dynamic subclasses, which
//! ends by calling ours. Ours therefore does the whole rest: finaliser, weak references, fields, dict, memory, and the reference to the type.
//!
//! Invariant: of every type whose `tp_dealloc` is ours, `tp_methods` points at an `Anchor`, from which its storage is found.

use std::ffi::{c_int, c_void};

use keelback_lowering::types::Repr;

use crate::ffi::{self, PyObject, PyTypeObject, visitproc};
use crate::gil::GilCell;
use crate::helpers::fields as patterns;
use crate::object::Owned;
use crate::records::ClassRecord;
use crate::thread;

use super::fields::{self, Field};

/// How instances of a laid-out class are stored.
#[derive(Debug)]
pub struct Storage {
    /// The class.
    pub record: &'static ClassRecord,
    /// The class object.
    pub class: *mut PyTypeObject,
    /// The method resolution order that it was made with.
    pub mro: Owned,
    /// All fields, inherited ones first, by offset.
    pub fields: Vec<Field>,
    /// Offsets of the fields that hold references.
    counted: Box<[(u32, Repr)]>,
    /// Words of a new object after the header.
    template: Vec<u64>,
    /// Fields that start with a class attribute's value.
    with_default: Vec<usize>,
    /// Some field may refer to an object that refers back.
    may_cycle: bool,
    /// Freed objects that are used again, linked by their first word after the header.
    free: GilCell<*mut PyObject>,
    free_count: GilCell<usize>,
    /// Nothing is stored outside the fields, so that freed objects may be used again.
    is_plain: bool,
}

/// How many freed objects a class keeps: enough for those that come and go. Of many that go together CPython's allocator makes better use: it gives neighbours
/// out again, while ours would be strewn about, and the collector walks them in the order in which they were made.
const FREE_LIMIT: usize = 64;
/// Nested deallocations after which further ones wait for the outermost to end.
const DEPTH_LIMIT: usize = 50;
/// Size of an object's header.
pub const HEADER: usize = 16;

/// What `tp_methods` of a laid-out type points at: an empty list of methods, and behind it what we look for.
#[repr(C)]
#[derive(Debug)]
pub struct Anchor {
    no_methods: [usize; 4],
    storage: &'static Storage,
}

impl Storage {
    /// Describes a class's storage.
    pub fn new(
        record: &'static ClassRecord,
        class: *mut PyTypeObject,
        fields: Vec<Field>,
        has_dict: bool,
        has_weakref: bool,
        has_finalizer: bool,
    ) -> Storage {
        let counted = fields
            .iter()
            .filter(|f| !f.is_raw())
            .map(|f| (f.offset as u32, f.repr))
            .collect();
        let template: Vec<u64> = fields.iter().map(Field::unset_word).collect();
        let may_cycle = has_dict || fields.iter().any(|f| !f.is_raw() && !f.check.is_atomic());
        let is_plain = !has_dict && !has_weakref && !has_finalizer && !fields.is_empty();
        let with_default = (0..fields.len())
            // SAFETY: classes are made with the GIL held.
            .filter(|i| unsafe { !fields[*i].default.get().is_null() })
            .collect();
        Storage {
            record,
            class,
            // SAFETY: classes are made with the GIL held, and have a method resolution order.
            mro: unsafe {
                Owned::from_borrowed(ffi::read(class.cast(), ffi::layout().type_tp_mro))
            },
            with_default,
            fields,
            counted,
            is_plain,
            template,
            may_cycle,
            free: GilCell::new(std::ptr::null_mut()),
            free_count: GilCell::new(0),
        }
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            // SAFETY: names are immortal strings.
            .find(|f| unsafe { crate::object::text(f.name.as_ptr()) } == Some(name))
    }

    /// A freed instance of exactly this class, made new; null when there is none.
    #[inline]
    unsafe fn reuse(&self) -> *mut PyObject {
        // SAFETY: an object in the free list is an instance of this class whose memory is ours, with its type still set.
        unsafe {
            let object = self.free.get();
            if object.is_null() {
                return object;
            }
            let next: *mut PyObject = ffi::read(object.cast(), HEADER);
            self.free.set(next);
            self.free_count.set(self.free_count.get() - 1);
            ffi::Py_INCREF(self.class.cast());
            ffi::write::<isize>(object.cast(), 0, 1);
            self.fill(object);
            if self.may_cycle {
                ffi::PyObject_GC_Track(object.cast());
            }
            object
        }
    }

    unsafe fn fill(&self, object: *mut PyObject) {
        // SAFETY: the object has one word for each entry of the template.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.template.as_ptr(),
                object.byte_add(HEADER).cast(),
                self.template.len(),
            );
            for &index in &self.with_default {
                self.fields[index].start(object);
            }
        }
    }

    /// Makes the storage of a type ours.
    ///
    /// # Safety
    /// `class` was just built by `type` with one slot for each own field; the GIL is held.
    pub unsafe fn install(self) -> &'static Storage {
        let storage: &'static Storage = Box::leak(Box::new(self));
        let anchor: &'static Anchor = Box::leak(Box::new(Anchor {
            no_methods: [0; 4],
            storage,
        }));
        let layout = ffi::layout();
        let class: *mut c_void = storage.class.cast();
        // SAFETY: the offsets are right; the functions have the types of their slots.
        unsafe {
            ffi::write::<*const Anchor>(class, layout.type_tp_methods, anchor);
            ffi::write::<ffi::allocfunc>(class, layout.type_alloc, alloc);
            ffi::write::<ffi::destructor>(class, layout.type_tp_dealloc, dealloc);
            ffi::write::<ffi::traverseproc>(class, layout.type_tp_traverse, traverse);
            ffi::write::<ffi::inquiry>(class, layout.type_tp_clear, clear);
        }
        storage
    }
}

/// The storage of a type or of the nearest of its bases that has some.
///
/// # Safety
/// `class` is a live type; the GIL is held.
#[inline]
pub unsafe fn of(mut class: *mut PyTypeObject) -> Option<&'static Storage> {
    let layout = ffi::layout();
    // SAFETY: the module's invariant; bases outlive their subclasses.
    unsafe {
        while !class.is_null() {
            if is_ours(class) {
                let anchor: *const Anchor = ffi::read(class.cast(), layout.type_tp_methods);
                return Some((*anchor).storage);
            }
            class = ffi::read(class.cast(), layout.type_base);
        }
        None
    }
}

/// Whether exactly this type has our storage.
///
/// # Safety
/// `class` is a live type.
#[inline]
pub unsafe fn is_ours(class: *mut PyTypeObject) -> bool {
    // SAFETY: the offset is right for every type.
    unsafe {
        ffi::read::<usize>(class.cast(), ffi::layout().type_tp_dealloc)
            == dealloc as *const () as usize
    }
}

/// Lets a dynamic subclass of a laid-out class allocate with unset fields. CPython gave it the generic allocator.
///
/// # Safety
/// `class` is a live type whose storage extends that of a laid-out class; the GIL is held.
pub unsafe fn adopt_subclass(class: *mut PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe { ffi::write::<ffi::allocfunc>(class.cast(), ffi::layout().type_alloc, alloc) }
}

/// `tp_alloc`, of laid-out classes and of dynamic subclasses: fields are unset.
unsafe extern "C" fn alloc(class: *mut PyTypeObject, items: isize) -> *mut PyObject {
    // SAFETY: CPython passes a ready type.
    unsafe {
        let Some(storage) = of(class) else {
            return ffi::PyType_GenericAlloc(class, items);
        };
        // Class attributes that were just assigned are defaults of fields.
        crate::watch::types::settle();
        let exact = storage.class == class;
        if exact {
            let object = storage.reuse();
            if !object.is_null() {
                return object;
            }
            if storage.is_plain {
                let object = ffi::_PyObject_GC_New(class);
                if !object.is_null() {
                    storage.fill(object);
                    if storage.may_cycle {
                        ffi::PyObject_GC_Track(object.cast());
                    }
                }
                return object;
            }
        }
        let object = ffi::PyType_GenericAlloc(class, items);
        if object.is_null() {
            return object;
        }
        storage.fill(object);
        if exact && !storage.may_cycle {
            ffi::PyObject_GC_UnTrack(object.cast());
        }
        object
    }
}

/// `tp_traverse`: every counted field, the dict of an exact instance, and the type.
unsafe extern "C" fn traverse(object: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: CPython passes an object of a type that ends here.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if let Some(storage) = of(class) {
            for (offset, _) in &storage.counted {
                let word: u64 = ffi::read(object.cast(), *offset as usize);
                if word != 0 && word & 1 == 0 {
                    let status = visit(word as *mut PyObject, arg);
                    if status != 0 {
                        return status;
                    }
                }
            }
        }
        // The traversal of a dynamic subclass has visited the dict before it came here.
        if is_ours(class) && ffi::type_flags(class) & ffi::TPFLAGS_MANAGED_DICT != 0 {
            let status = (ffi::optional().visit_managed_dict)(object, visit, arg);
            if status != 0 {
                return status;
            }
        }
        visit(class.cast(), arg)
    }
}

/// `tp_clear`: drops what fields refer to.
unsafe extern "C" fn clear(object: *mut PyObject) -> c_int {
    // SAFETY: as for `traverse`.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if let Some(storage) = of(class) {
            drop_fields(storage, object);
        }
        if is_ours(class) && ffi::type_flags(class) & ffi::TPFLAGS_MANAGED_DICT != 0 {
            (ffi::optional().clear_managed_dict)(object);
        }
        0
    }
}

unsafe fn drop_fields(storage: &Storage, object: *mut PyObject) {
    // SAFETY: the object has the storage's fields; each word is emptied before its reference is dropped.
    unsafe {
        for (offset, repr) in &storage.counted {
            let word: u64 = ffi::read(object.cast(), *offset as usize);
            if word != 0 {
                ffi::write::<u64>(object.cast(), *offset as usize, 0);
                fields::release(*repr, word);
            }
        }
    }
}

/// `tp_dealloc`. A dynamic subclass's own deallocation calls it last.
unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: CPython passes an object whose last reference is gone.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let depth = thread::dealloc_depth();
        if depth.get() >= DEPTH_LIMIT {
            thread::dealloc_later(object);
            return;
        }
        depth.set(depth.get() + 1);
        finish(object);
        depth.set(depth.get() - 1);
        if depth.get() == 0 {
            while let Some(next) = thread::next_dealloc() {
                depth.set(1);
                finish(next);
                depth.set(0);
            }
        }
    }
}

unsafe fn finish(object: *mut PyObject) {
    let layout = ffi::layout();
    // SAFETY: as for `dealloc`: the object is untracked, and nobody else has it, unless its finaliser brings it back.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let type_word = |offset: usize| ffi::read::<usize>(class.cast(), offset);
        if type_word(layout.type_tp_finalize) != 0 {
            ffi::PyObject_GC_Track(object.cast());
            if ffi::PyObject_CallFinalizerFromDealloc(object) < 0 {
                return;
            }
            ffi::PyObject_GC_UnTrack(object.cast());
        }
        // The finaliser may have changed the class.
        let class = ffi::Py_TYPE(object);
        if ffi::read::<isize>(class.cast(), layout.type_tp_weaklistoffset) != 0 {
            ffi::PyObject_ClearWeakRefs(object);
        }
        let storage = of(class);
        if let Some(storage) = storage {
            drop_fields(storage, object);
        }
        patterns::forget_patterns(object, None);
        if is_ours(class) && ffi::type_flags(class) & ffi::TPFLAGS_MANAGED_DICT != 0 {
            // 3.12 keeps values outside the dict until someone asks for it, and frees them only with it.
            drop(Owned::from_nullable(ffi::PyObject_GenericGetDict(
                object,
                std::ptr::null_mut(),
            )));
            (ffi::optional().clear_managed_dict)(object);
        }
        match storage {
            Some(s) if s.class == class && s.is_plain && s.free_count.get() < FREE_LIMIT => {
                ffi::write::<*mut PyObject>(object.cast(), HEADER, s.free.get());
                s.free.set(object);
                s.free_count.set(s.free_count.get() + 1);
            }
            _ => {
                let free: ffi::freefunc = ffi::read(class.cast(), layout.type_tp_free);
                free(object.cast());
            }
        }
        ffi::Py_DECREF(class.cast());
    }
}
