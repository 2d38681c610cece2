//! Stubs that a binding cell starts at: the first call through one finds the code, and every argument reaches it untouched.
//!
//! A stub knows a word (its id) and a resolver. It saves every register that may hold an argument, calls the resolver with the id, restores the
//! registers and jumps to the address that it was given. Stack arguments and the return address stay where they are, so the target sees the call as
//! its caller made it. The resolver makes the cell point at the code, so that the stub is not met again.

use crate::compiler::{Jit, JitError};

/// What finds code: the stub's id in, the address of native code with the cell's signature out, never null. When it cannot make the
/// code it returns one that returns the signature's error value, with an exception set.
pub type Resolver = extern "C" fn(usize) -> *const u8;

#[cfg(all(target_arch = "x86_64", unix))]
mod machine {
    use super::Resolver;

    /// Bytes of a stub.
    pub(super) const SIZE: usize = 48;

    // r11 holds the id and r10 the resolver; both are free for linkage code in the System V convention. At the entry the stack pointer is 8 past a multiple of
    // 16, so rbp and seven more pushes (rax counts vector arguments of variadic callees) leave it at a multiple of 16 and the vector registers, 128 bytes, too.
    std::arch::global_asm!(
        ".p2align 4",
        ".type keelback_lazy_trampoline, @function",
        "keelback_lazy_trampoline:",
        "push rbp",
        "mov rbp, rsp",
        "push rdi",
        "push rsi",
        "push rdx",
        "push rcx",
        "push r8",
        "push r9",
        "sub rsp, 128",
        "movups [rsp], xmm0",
        "movups [rsp + 16], xmm1",
        "movups [rsp + 32], xmm2",
        "movups [rsp + 48], xmm3",
        "movups [rsp + 64], xmm4",
        "movups [rsp + 80], xmm5",
        "movups [rsp + 96], xmm6",
        "movups [rsp + 112], xmm7",
        "mov rdi, r11",
        "call r10",
        "mov r11, rax",
        "movups xmm0, [rsp]",
        "movups xmm1, [rsp + 16]",
        "movups xmm2, [rsp + 32]",
        "movups xmm3, [rsp + 48]",
        "movups xmm4, [rsp + 64]",
        "movups xmm5, [rsp + 80]",
        "movups xmm6, [rsp + 96]",
        "movups xmm7, [rsp + 112]",
        "add rsp, 128",
        "pop r9",
        "pop r8",
        "pop rcx",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "pop rbp",
        "jmp r11",
        ".size keelback_lazy_trampoline, . - keelback_lazy_trampoline",
    );

    // SAFETY: declares the symbol that the assembly above defines; it is only taken the address of.
    unsafe extern "C" {
        fn keelback_lazy_trampoline();
    }

    /// Writes a stub: `mov r11, id; mov r10, resolver; mov rax, trampoline; jmp rax`.
    pub(super) fn write(stub: &mut [u8], id: usize, resolver: Resolver) {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            stub[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&[0x49, 0xbb]);
        put(&(id as u64).to_le_bytes());
        put(&[0x49, 0xba]);
        put(&(resolver as usize as u64).to_le_bytes());
        put(&[0x48, 0xb8]);
        put(&(keelback_lazy_trampoline as *const () as usize as u64).to_le_bytes());
        put(&[0xff, 0xe0]);
        // int3: nothing runs past the jump.
        let end = stub.len();
        stub[at..end].fill(0xcc);
    }
}

impl Jit {
    /// Makes a stub for each id. They live as long as the process. One call for many ids takes fewer pages than many calls.
    pub fn lazy_stubs(
        &mut self,
        ids: &[usize],
        resolver: Resolver,
    ) -> Result<Vec<*const u8>, JitError> {
        #[cfg(all(target_arch = "x86_64", unix))]
        {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let base = self.publish_raw(machine::SIZE * ids.len(), |_, memory| {
                for (stub, id) in memory.chunks_exact_mut(machine::SIZE).zip(ids) {
                    machine::write(stub, *id, resolver);
                }
                Ok(())
            })?;
            Ok((0..ids.len())
                .map(|i| (base as usize + i * machine::SIZE) as *const u8)
                .collect())
        }
        #[cfg(not(all(target_arch = "x86_64", unix)))]
        {
            let _ = (ids, resolver);
            Err(JitError::Host("no lazy stubs for this machine".into()))
        }
    }

    /// One stub; see [`Jit::lazy_stubs`].
    pub fn lazy_stub(&mut self, id: usize, resolver: Resolver) -> Result<*const u8, JitError> {
        Ok(self.lazy_stubs(&[id], resolver)?[0])
    }
}
