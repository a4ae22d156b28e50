# Each run gives one wrong value to many variables. What one variable's rule asks of another is tried by itself:
# Terraform leaves a rule alone as soon as a variable that it names is wrong.

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
  containers                      = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, cpu_units = 256, port_mappings = [{ container_port = 5000 }] }]
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    name_prefix                        = "todo-an-environment-whose-name-is-too-long"
    service_name                       = "Back_end"
    aws_region                         = "ohio"
    account_id                         = "12345"
    partition                          = "azure"
    cluster_arn                        = "todo-staging"
    repository_url                     = "todo/backend:latest"
    repository_arn                     = "todo/backend"
    further_repository_arns            = ["todo/collector"]
    task_policies                      = { "a policy" = "{}" }
    log_retention_days                 = 31
    permissions_boundary_arn           = "boundary"
    secrets_kms_key_arns               = ["alias/todo"]
    vpc_id                             = "todo"
    subnet_ids                         = []
    load_balancer_security_group_id    = "todo"
    listener_arns                      = {}
    listener_priority                  = 50001
    path_patterns                      = []
    health_check                       = { path = "status" }
    desired_count                      = 0
    deployment_minimum_healthy_percent = 101
    deployment_maximum_percent         = 99
    health_check_grace_period_seconds  = -1
    deregistration_delay_seconds       = 3601
    stop_timeout_seconds               = 121
  }
  expect_failures = [
    var.name_prefix, var.service_name, var.aws_region, var.account_id, var.partition, var.cluster_arn, var.repository_url,
    var.repository_arn, var.further_repository_arns, var.task_policies, var.log_retention_days,
    var.permissions_boundary_arn, var.secrets_kms_key_arns, var.vpc_id, var.subnet_ids,
    var.load_balancer_security_group_id, var.listener_arns, var.listener_priority, var.path_patterns, var.health_check,
    var.desired_count, var.deployment_minimum_healthy_percent, var.deployment_maximum_percent,
    var.health_check_grace_period_seconds, var.deregistration_delay_seconds, var.stop_timeout_seconds,
  ]
}

run "refuses_a_path_without_a_slash_and_a_check_that_outlasts_its_interval" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    path_patterns = ["api"]
    health_check  = { path = "/status", interval_seconds = 10, timeout_seconds = 10 }
  }
  expect_failures = [var.path_patterns, var.health_check]
}

run "refuses_a_place_for_a_path_that_is_not_the_services" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    path_priorities = { "/docs/*" = 3 }
  }
  expect_failures = [var.path_priorities]
}

run "refuses_more_paths_than_a_rule_takes" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    path_patterns = ["/a", "/b", "/c", "/d", "/e", "/f"]
  }
  expect_failures = [var.path_priorities]
}

run "refuses_a_place_past_the_last" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    path_priorities = { "/api/*" = 50001 }
  }
  expect_failures = [var.path_priorities]
}

run "refuses_autoscaling_without_a_target" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    autoscaling = { min_count = 1, max_count = 2 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_autoscaling_by_a_processor_share_that_is_not_set_aside" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers  = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }] }]
    autoscaling = { min_count = 1, max_count = 2, cpu_percent = 60 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_half_a_processor_unit" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, cpu_units = 0.5, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.containers]
}

run "refuses_autoscaling_whose_least_is_above_its_most" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    autoscaling = { min_count = 3, max_count = 2, cpu_percent = 60 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_half_a_task" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    autoscaling = { min_count = 1.5, max_count = 2, cpu_percent = 60 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_to_begin_outside_the_bounds_of_autoscaling" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    desired_count = 5
    autoscaling   = { min_count = 1, max_count = 2, cpu_percent = 60 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_more_than_the_whole_processor" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    autoscaling = { min_count = 1, max_count = 2, cpu_percent = 160 }
  }
  expect_failures = [var.autoscaling]
}

run "refuses_to_count_requests_of_no_load_balancer" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    autoscaling = { min_count = 2, max_count = 4, requests_per_target = 600 }
  }
  expect_failures = [var.load_balancer_arn_suffix]
}

run "refuses_a_load_balancer_by_its_name" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    load_balancer_arn_suffix = "todo-staging"
  }
  expect_failures = [var.load_balancer_arn_suffix]
}

run "refuses_a_port_that_the_container_does_not_listen_on" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    lb_container_port = 5001
  }
  expect_failures = [var.lb_container_port]
}

run "refuses_a_container_that_is_not_there" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    lb_container_name = "frontend"
    containers        = [{ name = "backend", image = "a/b:1", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }] }]
  }
  expect_failures = [var.lb_container_name]
}

run "refuses_a_container_that_a_task_survives" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [{ name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }], essential = false }]
  }
  expect_failures = [var.lb_container_name]
}

run "refuses_a_second_container_without_an_image" {
  command = plan
  module {
    source = "./modules/ecs_definition"
  }
  variables {
    containers = [
      { name = "backend", hard_memory_limit = 128, soft_memory_limit = 64, port_mappings = [{ container_port = 5000 }] },
      { name = "collector", hard_memory_limit = 128, soft_memory_limit = 64 },
    ]
  }
  expect_failures = [var.lb_container_name]
}
