#define _GNU_SOURCE
#include "apus_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t apus_fork(void) { return fork(); }

int apus_set_idle(pid_t process, int is_idle) {
    const struct sched_param none = {0};
    return sched_setscheduler(process, is_idle ? SCHED_IDLE : SCHED_OTHER, &none);
}

int apus_can_end_idle(void) {
    const pid_t child = fork();
    if (child == 0) _exit(apus_set_idle(0, 1) == 0 && apus_set_idle(0, 0) == 0 ? 0 : 1);
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int apus_keep_on(pid_t process, const int *processors, size_t count) {
    int most = 0;
    for (size_t i = 0; i < count; i++) {
        if (processors[i] > most) most = processors[i];
    }
    cpu_set_t *set = CPU_ALLOC(most + 1);
    if (!set) return -1;
    const size_t size = CPU_ALLOC_SIZE(most + 1);
    CPU_ZERO_S(size, set);
    for (size_t i = 0; i < count; i++) CPU_SET_S(processors[i], size, set);
    const int result = sched_setaffinity(process, size, set);
    CPU_FREE(set);
    return result;
}

int apus_thread_count(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (entry->d_name[0] != '.') count++;
    }
    closedir(tasks);
    return count;
}

int apus_signal_on_parent_death(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int apus_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int apus_close_from(int first) { return close_range((unsigned)first, ~0U, 0); }

int apus_close_at_exec_from(int first) { return close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC); }

int apus_take_orders_by_socket(void) {
    static const int ignored[] = {SIGHUP, SIGINT, SIGPIPE, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGIO};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        if (signal(ignored[i], SIG_IGN) == SIG_ERR) return -1;
    }
    if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || signal(SIGTERM, SIG_DFL) == SIG_ERR) return -1;
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The descriptor of one message, in the only form the kernel takes it (cmsg(3)). */
union descriptor_message {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr alignment;
};

static ssize_t send_some(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    union descriptor_message control = {.bytes = {0}};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

int apus_send(int socket, const void *bytes, size_t count, int descriptor) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t sent = send_some(socket, rest, count, descriptor);
        if (sent >= 0) {
            rest += sent;
            count -= (size_t)sent;
            descriptor = -1;
        } else if (errno == EAGAIN) {
            struct pollfd writable = {.fd = socket, .events = POLLOUT};
            if (poll(&writable, 1, -1) < 0 && errno != EINTR) return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

/* The kernel closes those that find no room in `control` (unix(7)), but on a machine of 64 bits a second one does. */
static int passed_descriptor(struct msghdr *message) {
    int first = -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (first < 0) first = descriptor;
            else close(descriptor);
        }
    }
    return first;
}

ssize_t apus_receive(int socket, void *memory, size_t count, int *descriptor) {
    struct iovec piece = {.iov_base = memory, .iov_len = count};
    union descriptor_message control;
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    const ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    *descriptor = received >= 0 && message.msg_controllen > 0 ? passed_descriptor(&message) : -1;
    return received;
}

int apus_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int apus_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int apus_poll(struct pollfd *descriptors, size_t count, int64_t timeout_nanoseconds) {
    struct timespec timeout = {
        .tv_sec = timeout_nanoseconds / 1000000000, .tv_nsec = timeout_nanoseconds % 1000000000};
    int ready = ppoll(descriptors, count, timeout_nanoseconds < 0 ? NULL : &timeout, NULL);
    return ready < 0 && errno == EINTR ? 0 : ready;
}

int apus_has_writer(int file) {
    if (fcntl(file, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(file, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int apus_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }

int apus_memory_file(const char *name, size_t byte_count) {
    int file = memfd_create(name, MFD_CLOEXEC);
    if (file < 0) return -1;
    if (ftruncate(file, (off_t)byte_count) == 0) return file;
    int reason = errno;
    close(file);
    errno = reason;
    return -1;
}

void *apus_map_shared(int descriptor, size_t byte_count) {
    void *memory = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

int apus_has_fixed_size(int descriptor) {
    const int seals = fcntl(descriptor, F_GET_SEALS);
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
    return seals >= 0 && (seals & wanted) == wanted;
}

const void *apus_map_readable(int descriptor, size_t byte_count) {
    void *memory = mmap(NULL, byte_count, PROT_READ, MAP_SHARED, descriptor, 0);
    return memory == MAP_FAILED ? NULL : memory;
}
