"""Doubles of the services that the example strategies ask, each with sessions that open a real store."""
