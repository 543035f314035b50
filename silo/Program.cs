using Monitor.Silo;

return args is [CopyStoreCommand.Name, ..] ? await CopyStoreCommand.RunAsync(args) : await SiloHost.RunAsync(args);
