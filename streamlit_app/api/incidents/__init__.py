"""What the API says of the incidents, and the one thing that it takes."""
