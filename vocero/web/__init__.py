"""Pages, split by audience: public, advocate, manager."""
