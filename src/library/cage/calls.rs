//! What of the system a tool may not call.
//!
//! No list of what it may: that would change with every version of ffmpeg and of the C library.
//! What is here is what leads out of the cage: to the network, to other programs and processes, to
//! files past landlock, to what outlives the tool, and to the kernel's newest corners.

use std::collections::BTreeMap;

use libc::{CLONE_THREAD, ENOSYS, EPERM, PR_SET_PDEATHSIG};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Forbids them for good.
///
/// # Errors
///
/// A line that says why it cannot be.
pub(super) fn forbid() -> Result<(), String> {
    let own = u64::from(std::process::id());
    // The C library takes the old call where there is no new one, whose flags can be seen.
    let unknown = every([libc::SYS_clone3, libc::SYS_io_uring_setup]);
    for (rules, error) in [(refused(own).map_err(told)?, EPERM), (unknown, ENOSYS)] {
        let error = SeccompAction::Errno(error.unsigned_abs());
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(told)?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, error, arch);
        let program = BpfProgram::try_from(filter.map_err(told)?).map_err(told)?;
        seccompiler::apply_filter(&program).map_err(told)?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What is refused to the process of number `own`.
fn refused(own: u64) -> Result<Rules, seccompiler::BackendError> {
    let mut rules = every(ALWAYS.iter().copied());
    rules.extend(every(OLD.iter().copied()));
    let when = |argument, of_value, value| -> Result<Vec<SeccompRule>, _> {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, of_value, value)?;
        Ok(vec![SeccompRule::new(vec![condition])?])
    };
    let thread = u64::from(CLONE_THREAD.unsigned_abs());
    let mut some = |call, rule: Vec<SeccompRule>| {
        rules.extend(both_tables(call).map(|call| (call, rule.clone())));
    };
    // A thread may be started, no process.
    some(libc::SYS_clone, when(0, SeccompCmpOp::MaskedEq(thread), 0)?);
    // A program that ends itself (abort) sends to itself; no other may be sent to.
    some(libc::SYS_tgkill, when(0, SeccompCmpOp::Ne, own)?);
    // Limits may be read.
    some(libc::SYS_prlimit64, when(2, SeccompCmpOp::Ne, 0)?);
    let death = u64::from(PR_SET_PDEATHSIG.unsigned_abs());
    some(libc::SYS_prctl, when(0, SeccompCmpOp::Eq, death)?);
    Ok(rules)
}

fn every(calls: impl IntoIterator<Item = i64>) -> Rules {
    calls.into_iter().flat_map(both_tables).map(|call| (call, Vec::new())).collect()
}

/// A call, and the same one by the table that x86 has for pointers of 32 bits.
fn both_tables(call: i64) -> impl Iterator<Item = i64> {
    let x32 = X32.iter().find(|(of_64, _)| *of_64 == call).map_or(call, |(_, of_x32)| *of_x32);
    let x32 = cfg!(target_arch = "x86_64").then_some(x32 | X32_BIT);
    std::iter::once(call).chain(x32)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

const ALWAYS: &[i64] = &[
    // The network, and other processes by way of it.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Calls that no filter sees.
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Programs that are no files.
    libc::SYS_execveat,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    // Other processes: what they hold, and what ends them.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    // Out of the group that is ended as a whole.
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_setrlimit,
    libc::SYS_setpriority,
    // What landlock does not ask about, on all kernels or on older ones.
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_inotify_init1,
    libc::SYS_fanotify_init,
    // What outlives the tool.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    // Another view of the system.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_personality,
];

/// What newer systems have no number for.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_inotify_init,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

const X32_BIT: i64 = 0x4000_0000;
/// Those that have a number of their own there.
const X32: [(i64, i64); 6] = [
    (libc::SYS_ptrace, 521),
    (libc::SYS_rt_sigqueueinfo, 524),
    (libc::SYS_rt_tgsigqueueinfo, 536),
    (libc::SYS_process_vm_readv, 539),
    (libc::SYS_process_vm_writev, 540),
    (libc::SYS_execveat, 545),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_is_refused_by_every_number_that_it_has() {
        let rules = refused(1).expect("the rules are well formed");
        for call in ALWAYS.iter().chain(OLD) {
            assert_eq!(rules.get(call), Some(&Vec::new()), "{call}");
        }
        for call in [libc::SYS_clone, libc::SYS_tgkill, libc::SYS_prlimit64, libc::SYS_prctl] {
            assert_eq!(rules[&call].len(), 1, "{call} by its argument");
        }
        assert!(!rules.contains_key(&libc::SYS_openat) && !rules.contains_key(&libc::SYS_execve));
        if cfg!(target_arch = "x86_64") {
            assert!(rules.contains_key(&(libc::SYS_socket | X32_BIT)));
            assert!(rules.contains_key(&(521 | X32_BIT)), "ptrace");
        }
    }
}
