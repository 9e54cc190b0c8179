/* The cheapest worker there can be: answers every request on a Unix socket with the same bytes, without
 * reading more of it than where it ends. Behind nginx it shows what a front proxy alone costs.
 *
 * usage: constant SOCKET BODY_BYTES
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, REQUEST_BYTES = 64 * 1024 };

struct connection {
    char bytes[REQUEST_BYTES];
    size_t count;
};

static struct connection *connections[CONNECTIONS];
static char answer[4096];
static size_t answer_bytes;

/* The byte count of the request at the front of `bytes`, or 0 when it is not whole. */
static size_t request_length(const char *bytes, size_t count) {
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - bytes) + 4, body = 0;
    for (const char *line = bytes; line < end; line = memchr(line, '\n', end + 2 - line) + 1)
        if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
    return count >= head + body ? head + body : 0;
}

/* Returns -1 when the connection is to be closed. */
static int serve(int fd) {
    struct connection *c = connections[fd];
    ssize_t got = read(fd, c->bytes + c->count, sizeof c->bytes - c->count);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    c->count += (size_t)got;
    size_t length;
    while ((length = request_length(c->bytes, c->count))) {
        if (write(fd, answer, answer_bytes) != (ssize_t)answer_bytes) return -1;
        c->count -= length;
        memmove(c->bytes, c->bytes + length, c->count);
    }
    return c->count < sizeof c->bytes ? 0 : -1;
}

static void add(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: constant SOCKET BODY_BYTES\n"), 2;
    signal(SIGPIPE, SIG_IGN);
    int body = atoi(argv[2]);
    answer_bytes = (size_t)snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%*s", body, body, "{}");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    unlink(argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        return perror("constant"), 1;
    add(epoll, listener);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (client < 0) continue;
                if (client >= CONNECTIONS) { close(client); continue; }
                if (!connections[client]) connections[client] = malloc(sizeof **connections);
                connections[client]->count = 0;
                add(epoll, client);
            } else if (serve(fd) < 0) {
                close(fd);
            }
        }
    }
}
