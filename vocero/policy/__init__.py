"""May it be said: guidelines, checks, disclosure wording, stop switch."""
