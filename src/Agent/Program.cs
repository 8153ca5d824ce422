// What must happen when no PowerShell is alive: conmon starts this when a container ends.
Console.Error.WriteLine("layerimage-agent: no verb was given.");
return 2;
