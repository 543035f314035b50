using System.IO.MemoryMappedFiles;

namespace Monitor.Tests.Shared;

/// <summary>
/// A wall clock of its own for one server, which can be set while the server runs: all of its processes see it jump in the same instant. Only the time of day is
/// another one; what runs by the monotonic clock or by the kernel's timers goes on as it was, as on a machine whose clock is set.
/// </summary>
/// <remarks>
/// Not libfaketime: it passes a process's waits on itself, and shows the signal handlers that run during them the real time. PostgreSQL judges its timeouts in such
/// a handler: with an hour added none of them ended a wait any more, with an hour taken away each one did at once.
/// </remarks>
internal sealed class ServersClock
{
    /// <summary>Calls nothing that a signal handler may not call: PostgreSQL asks for the time in them.</summary>
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdatomic.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static _Atomic int64_t nothing;
        static _Atomic int64_t *ahead = &nothing;
        static int (*kernel_time)(clockid_t, struct timespec *);

        __attribute__((constructor)) static void begin(void)
        {
            const char *path = getenv("SERVERS_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
            if (page == MAP_FAILED)
                abort();
            close(file);
            *(void **)&kernel_time = dlsym(RTLD_NEXT, "clock_gettime");
            ahead = page;
        }

        int clock_gettime(clockid_t clock, struct timespec *now)
        {
            int code = kernel_time ? kernel_time(clock, now) : (int)syscall(SYS_clock_gettime, clock, now);
            if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                now->tv_sec += *ahead;
            return code;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone)
        {
            struct timespec precise;
            int code = clock_gettime(CLOCK_REALTIME, &precise);
            (void)zone;
            now->tv_sec = precise.tv_sec;
            now->tv_usec = precise.tv_nsec / 1000;
            return code;
        }

        time_t time(time_t *now)
        {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            if (now)
                *now = precise.tv_sec;
            return precise.tv_sec;
        }
        """;

    private readonly string _library;
    private readonly string _file;

    private ServersClock(string folder)
    {
        _library = Path.Combine(folder, "clock.so");
        _file = Path.Combine(folder, "clock");
    }

    public static bool IsAvailable => Array.Exists(["/usr/bin/cc", "/usr/local/bin/cc"], File.Exists) && File.Exists("/usr/include/dlfcn.h");

    /// <summary>By how many seconds it is ahead of the real one.</summary>
    public long SecondsAhead { get; private set; }

    /// <summary>For <c>env</c>: the variables under which a program lives by this clock.</summary>
    public IReadOnlyList<string> Variables => [$"LD_PRELOAD={_library}", $"SERVERS_CLOCK={_file}"];

    /// <param name="folder">Which the server's user may enter.</param>
    public static async Task<ServersClock> MakeAsync(string folder, CancellationToken cancellationToken)
    {
        var clock = new ServersClock(folder);
        var source = Path.Combine(folder, "clock.c");
        await File.WriteAllTextAsync(source, Source, cancellationToken);
        await ChildProcess.RunAsync("cc", ["-shared", "-fPIC", "-O2", "-o", clock._library, source, "-ldl"], cancellationToken);
        await File.WriteAllBytesAsync(clock._file, new byte[sizeof(long)], cancellationToken);
        await PostgresPrograms.GiveAsync(clock._library, cancellationToken);
        await PostgresPrograms.GiveAsync(clock._file, cancellationToken);
        return clock;
    }

    /// <summary>One store of eight bytes, in memory that the server's processes share.</summary>
    /// <param name="by">Whole seconds.</param>
    public void Jump(TimeSpan by)
    {
        SecondsAhead += (long)by.TotalSeconds;
        using var map = MemoryMappedFile.CreateFromFile(_file, FileMode.Open, null, sizeof(long));
        using var page = map.CreateViewAccessor(0, sizeof(long));
        page.Write(0, SecondsAhead);
    }
}
