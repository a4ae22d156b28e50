# What the containers of a task are refused for, a rule at a time.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name_prefix                     = "todo-staging"
  service_name                    = "backend"
  aws_region                      = "us-east-2"
  account_id                      = "123456789012"
  cluster_arn                     = "arn:aws:ecs:us-east-2:123456789012:cluster/todo-staging"
  repository_url                  = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend"
  repository_arn                  = "arn:aws:ecr:us-east-2:123456789012:repository/todo/backend"
  vpc_id                          = "vpc-0123456789abcdef0"
  subnet_ids                      = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  load_balancer_security_group_id = "sg-0123456789abcdef0"
  listener_arns                   = { https = "arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/todo-staging/1/2" }
  listener_priority               = 10
  path_patterns                   = ["/api/*"]
  health_check                    = { path = "/status" }
  lb_container_name               = "backend"
  lb_container_port               = 5000
}

run "refuses_no_container" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = []
  }
  expect_failures = [var.containers]
}

run "refuses_soft_memory_above_hard" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 64, soft_memory_limit = 128, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_less_memory_than_ecs_takes" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 5, soft_memory_limit = 4, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_port_0" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 0 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_one_port_for_two_containers" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [for name in ["backend", "second"] : { name = name, image = "a/b:1", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_an_image_with_a_blank_in_it" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", image = "todo / backend", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_variable_that_begins_with_a_digit" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, environment_variables = { "1ST" = "x" } }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_secret_that_is_a_plain_variable_too" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, environment_variables = { KEY = "x" }, secrets = { KEY = "arn:aws:ssm:us-east-2:123456789012:parameter/todo/key" } }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_secret_itself" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, secrets = { KEY = "hunter2" } }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_health_check_without_its_kind" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, health_check = { command = ["/healthy"] } }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_health_check_every_second" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, health_check = { command = ["CMD", "/healthy"], interval_seconds = 1 } }]
  }
  expect_failures = [var.containers]
}

run "refuses_a_folder_in_memory_without_a_size" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, tmpfs = { "/tmp" = 0 } }]
  }
  expect_failures = [var.containers]
}
