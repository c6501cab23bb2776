//! The guest's allocator: a bump arena in the memory that the instance starts with.
//!
//! An instance lives for one call, so nothing needs to be given back; and the first growth of a
//! linear memory costs the host two system calls, more than the rest of a small call. What does
//! not fit goes to the standard allocator.
#![expect(unsafe_code, reason = "an allocator hands out memory; this is the one of the guest")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};

/// Bytes of the arena. A call of our strategies needs less than half of it.
const SIZE: usize = 256 * 1024;

/// The allocator. [`crate::export!`] makes it the component's.
#[derive(Debug)]
pub struct Arena {
    bytes: UnsafeCell<Bytes>,
    used: Cell<usize>,
}

#[derive(Debug)]
#[repr(align(16))]
struct Bytes(#[expect(dead_code, reason = "read through pointers only")] [u8; SIZE]);

// SAFETY: a component has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    /// An empty arena.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is only ever a static")]
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new(Bytes([0; SIZE])), used: Cell::new(0) }
    }

    fn base(&self) -> *mut u8 {
        self.bytes.get().cast()
    }

    /// Where `pointer` lies in the arena, if it lies in it.
    fn offset(&self, pointer: *mut u8) -> Option<usize> {
        let offset = (pointer as usize).wrapping_sub(self.base() as usize);
        (offset < SIZE).then_some(offset)
    }

    /// Room for `layout`: its offset and the end of it.
    fn room(&self, layout: Layout) -> Option<(usize, usize)> {
        let address = (self.base() as usize).checked_add(self.used.get())?;
        let aligned = address.checked_next_multiple_of(layout.align())?;
        let start = aligned - self.base() as usize;
        let end = start.checked_add(layout.size())?;
        (end <= SIZE).then_some((start, end))
    }
}

// SAFETY: what is handed out lies inside the arena, is aligned, and never overlaps what was handed
// out before and not given back; everything else is the standard allocator's.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.room(layout) {
            Some((start, end)) => {
                self.used.set(end);
                // SAFETY: start is inside the arena.
                unsafe { self.base().add(start) }
            }
            // SAFETY: the caller's layout, as it is.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match self.offset(pointer) {
            // The last piece can be handed out again; the others go with the instance.
            Some(start) => {
                if start + layout.size() == self.used.get() {
                    self.used.set(start);
                }
            }
            // SAFETY: it came from the standard allocator with this layout.
            None => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(start) = self.offset(pointer) else {
            // SAFETY: it came from the standard allocator with this layout.
            return unsafe { System.realloc(pointer, layout, size) };
        };
        let is_last = start + layout.size() == self.used.get();
        if is_last && start.checked_add(size).is_some_and(|end| end <= SIZE) {
            self.used.set(start + size);
            return pointer;
        }
        // SAFETY: the alignment is the one of a valid layout, the size the caller's to answer for.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: both are valid for the smaller of the two sizes and do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size)) };
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn pieces_are_aligned_apart_and_fall_back_to_the_standard_allocator() {
        let arena = Box::new(Arena::new());
        // SAFETY: every piece is used within its layout and given back with it.
        unsafe {
            let one = arena.alloc(layout(3, 1));
            let two = arena.alloc(layout(8, 8));
            assert_eq!(two as usize % 8, 0);
            assert!(two as usize >= one as usize + 3);
            let large = arena.alloc(layout(SIZE, 16));
            assert!(arena.offset(large).is_none() && !large.is_null());
            arena.dealloc(large, layout(SIZE, 16));
            arena.dealloc(two, layout(8, 8));
            assert_eq!(arena.alloc(layout(8, 8)), two, "the last piece is handed out again");
            assert!(arena.offset(one).is_some());
        }
    }

    #[test]
    fn growth_keeps_the_bytes() {
        let arena = Box::new(Arena::new());
        // SAFETY: every piece is used within its layout and given back with it.
        unsafe {
            let piece = arena.alloc(layout(4, 4));
            piece.copy_from([1, 2, 3, 4].as_ptr(), 4);
            assert_eq!(arena.realloc(piece, layout(4, 4), 64), piece, "the last piece grows in place");
            let _other = arena.alloc(layout(1, 1));
            let moved = arena.realloc(piece, layout(64, 4), 128);
            assert_ne!(moved, piece);
            assert_eq!(std::slice::from_raw_parts(moved, 4), [1, 2, 3, 4]);
            let outside = arena.realloc(moved, layout(128, 4), SIZE);
            assert!(arena.offset(outside).is_none());
            assert_eq!(std::slice::from_raw_parts(outside, 4), [1, 2, 3, 4]);
            arena.dealloc(outside, layout(SIZE, 4));
        }
    }
}
