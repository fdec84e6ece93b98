// Tries what a tool in the cage shall not be able to do, and prints for each try a name and either
// "done" or the number of the error.
//
// intruder SECRET PORT: a file beside the input, and a port on this machine where somebody listens.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void tell(const char *name, long result) {
    if (result >= 0) printf("%s done\n", name);
    else printf("%s %d\n", name, errno);
    fflush(stdout);
}

static long network(int kind, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, kind, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return -1;
    return send(fd, "x", 1, 0);
}

static long child(long id) {
    if (id == 0) _exit(0);
    if (id > 0) waitpid(id, NULL, 0);
    return id;
}

static void *nothing(void *given) { return given; }

static int of_clone(void *given) { return given != NULL; }

static long limit(void) {
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return prlimit(0, RLIMIT_AS, &more, NULL);
}

int main(int count, char **words) {
    if (count < 3) return 2;
    int port = atoi(words[2]);
    printf("environment %s\n", environ[0] ? environ[0] : "empty");
    int open_ones = 0;
    for (int fd = 3; fd < 64; fd++) open_ones += fcntl(fd, F_GETFD) >= 0;
    printf("descriptors %d\n", open_ones);
    struct rlimit cpu, core;
    getrlimit(RLIMIT_CPU, &cpu);
    getrlimit(RLIMIT_CORE, &core);
    printf("cpu %ld core %ld\n", (long)cpu.rlim_cur, (long)core.rlim_cur);

    tell("read-other", open(words[1], O_RDONLY));
    tell("read-passwd", open("/etc/passwd", O_RDONLY));
    tell("list-root", open("/", O_RDONLY | O_DIRECTORY));
    tell("read-parent", open("/proc/1/environ", O_RDONLY));
    tell("write-other", open(words[1], O_WRONLY));
    tell("truncate-other", truncate(words[1], 0));
    tell("chmod-other", chmod(words[1], 0777));
    tell("link-other", link(words[1], "linked"));
    tell("device", mknod("device", S_IFCHR | 0600, 0x103));
    tell("tcp", network(SOCK_STREAM, port));
    tell("udp", network(SOCK_DGRAM, port));
    tell("unix", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("raw", socket(AF_INET, SOCK_RAW, 1));
    tell("fork", child(fork()));
    tell("old-clone", child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
    char *stack = malloc(65536);
    tell("clone", clone(of_clone, stack + 65536, CLONE_VM | SIGCHLD, NULL));
    tell("clone3", syscall(SYS_clone3, NULL, 0));
    tell("exec", execl("/bin/true", "true", NULL));
    tell("memfd", memfd_create("program", 0));
    tell("io_uring", syscall(SYS_io_uring_setup, 4, NULL));
    tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    tell("kill-parent", kill(getppid(), 0));
    tell("signal-parent", syscall(SYS_tgkill, getppid(), getppid(), 0));
    tell("leave-group", setpgid(0, 0));
    tell("leave-session", setsid());
    tell("no-death", prctl(PR_SET_PDEATHSIG, 0));
    tell("more-memory", limit());
    tell("shared-memory", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    tell("unshare", unshare(CLONE_NEWUSER));
    tell("chroot", chroot("."));
    tell("large", mmap(NULL, 1L << 40, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);

    // What a tool needs.
    tell("own-signal", syscall(SYS_tgkill, getpid(), getpid(), 0));
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, nothing, NULL);
    errno = failed;
    tell("thread", failed ? -1 : 0);
    if (!failed) pthread_join(thread, NULL);
    int out = open("result", O_WRONLY | O_CREAT, 0600);
    tell("write-own", out < 0 ? -1 : write(out, "made", 4));
    return 0;
}
