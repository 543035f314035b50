using Monitor.Silo;

return await SiloHost.RunAsync(args);
